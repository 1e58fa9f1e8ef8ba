"""The suite: unit, integration, contract and end-to-end tests, and the lab of real engines."""
