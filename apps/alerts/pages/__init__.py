"""What the admin shows beside its lists: what is wrong now, one alert, the rules."""
