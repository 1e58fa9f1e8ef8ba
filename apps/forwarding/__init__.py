"""Sends the audit on to other systems, as syslog and as webhooks."""
