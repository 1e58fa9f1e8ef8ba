"""What a poll's answer becomes: rows compared and written, happenings noted, and what grows stale said to be so."""
