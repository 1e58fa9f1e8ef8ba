"""The portal's apps: accounts, nodes, workloads, registry and metrics."""
