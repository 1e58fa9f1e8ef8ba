"""Whatever speaks to the outside for this app."""
