"""What the admin shows of alerts beside lists and forms of rows: one module for each page."""
