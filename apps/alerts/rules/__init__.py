"""Pure rules of alerts: what is compared, reckoned and said, from what is handed in."""
