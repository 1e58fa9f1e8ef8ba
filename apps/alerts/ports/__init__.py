"""What this app asks of the outside, as Protocols and frozen dataclasses."""
