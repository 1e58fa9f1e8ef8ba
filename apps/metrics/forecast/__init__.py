"""The forecast: hourly figures in, the next hours with a band out. Pure arithmetic on numpy arrays: no Django."""
