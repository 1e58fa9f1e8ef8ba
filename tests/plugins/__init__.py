"""The suite's own pytest plugins: what is left out and why, and servers that tests share."""
