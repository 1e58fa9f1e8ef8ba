"""What is reckoned without asking anything."""
