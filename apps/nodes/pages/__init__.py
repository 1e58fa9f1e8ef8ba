"""What the admin shows beside lists and forms of rows: one module for each page or part of one."""
