"""What a person fills in on this app's pages."""
