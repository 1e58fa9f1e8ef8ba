"""How pages write what alerts carry."""
