"""What acts in this app."""
