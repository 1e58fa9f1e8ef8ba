"""What the admin shows beside lists and forms of rows: signing in, and a person's own security."""
