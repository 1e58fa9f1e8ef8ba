"""Filters for the pages about scans."""
