"""What a person fills in about their own security."""
