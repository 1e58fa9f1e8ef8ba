"""Resource usage: collected, stored, rolled up and sent live."""
