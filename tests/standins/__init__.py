"""Programs that stand in for what cannot be installed."""
