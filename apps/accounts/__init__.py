"""People, teams, personal tokens and the audit trail."""
