"""What decides and what is said, from what is handed in; no reads, no writes."""
