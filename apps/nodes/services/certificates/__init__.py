"""Agents' certificates: issued and revoked, renewed in time, and moved to another authority."""
