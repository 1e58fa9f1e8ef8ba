"""Starts every process of the portal on one machine, for ``make run`` and the controller image."""
