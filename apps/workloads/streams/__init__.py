"""The pure and the small of logs and consoles: buffers, limits, wishes, texts."""
