"""What acts in this app: who may scrape, the exposition, remote write and its targets."""
