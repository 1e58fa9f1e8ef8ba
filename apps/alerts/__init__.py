"""Alerts: rules over usage and events, what fires, whom it is told and how."""
