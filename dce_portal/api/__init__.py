"""What every app's REST API shares: errors, pages, permissions, the schema."""
