"""What the admin shows of usage beside the things themselves, one module a page."""
