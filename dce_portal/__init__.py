"""The kernel: settings, errors, operations and the admin's frame; it knows Django and no app of the portal's."""
