"""Looks for known vulnerabilities in images, keeps what was found, and may block pulls by it."""
