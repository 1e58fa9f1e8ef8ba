"""What services reserve and are limited to, against what their tasks really use (docs/right-sizing.md)."""
