"""``manage.py bootstrap``: database, static files and the first administrator, each only if needed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from dce_portal import bootstrap
from dce_portal.errors import PortalError


class Command(BaseCommand):
    """Says each step that it takes; a second run says nothing."""

    help = "Brings the database, the static files and the first administrator up to date."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps that are missing."""
        try:
            for step in bootstrap.steps():
                self.stdout.write(f"==> {step}")
                self.stdout.flush()
        except DatabaseError as error:
            message = f"The database cannot be used: {error}. Nothing was changed after that."
            raise CommandError(message) from error
        except PortalError as error:
            raise CommandError(error.message) from error
