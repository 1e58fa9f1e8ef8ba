"""What speaks to the outside."""
