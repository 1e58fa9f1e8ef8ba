"""How this app speaks to the outside, one module a technology."""
