"""What the admin shows of workloads beside lists and mirrors."""
