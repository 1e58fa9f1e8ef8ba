"""Pure rules and words of this app: what is compared, counted, reckoned and said, from what is handed in."""
