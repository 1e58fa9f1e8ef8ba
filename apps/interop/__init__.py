"""Figures for other tools: Prometheus' exposition, its discovery, remote write."""
