"""What the admin shows beside lists and forms."""
