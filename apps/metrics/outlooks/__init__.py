"""Forecasts that are kept: made each hour, drawn on pages, and held against what came."""
