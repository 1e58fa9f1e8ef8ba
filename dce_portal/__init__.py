"""The kernel: settings, errors, operations, the admin's frame; it knows Django and no app."""
