"""What a person fills in about alerts."""
