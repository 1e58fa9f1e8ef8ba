"""Pure rules: names of metrics, the two text forms, the remote-write message, when to try again."""
