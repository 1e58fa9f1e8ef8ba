"""What reads in this app."""
