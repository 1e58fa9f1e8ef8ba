"""What the repository browser reads: artifacts, search, figures over time; for pages and the API alike."""
