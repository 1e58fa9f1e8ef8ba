"""The private registry's access control and catalogue."""
