"""What happened in the registry, told to other programs: signed JSON by HTTP."""
