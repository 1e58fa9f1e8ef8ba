"""What joining decides and says: what hosts tell, what they are to do, their script, and the lines to copy."""
