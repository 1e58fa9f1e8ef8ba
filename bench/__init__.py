"""Benchmarks: what the portal's budgets say, measured beside a peer in the same run."""
