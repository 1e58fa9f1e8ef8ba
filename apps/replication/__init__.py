"""Carries images between this registry and others: replication by rules, and namespaces filled from upstream."""
