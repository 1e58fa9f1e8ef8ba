"""Where signing in speaks to the outside, one module a technology."""
