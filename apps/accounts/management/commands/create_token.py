"""`manage.py create_token USER`: prints a new personal token, and nothing else, on standard output."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.scopes import SCOPES
from apps.accounts.services import issue_personal_token
from dce_portal.errors import PortalError
from dce_portal.origin import Origin


class Command(BaseCommand):
    """Makes a personal token for a script."""

    help = "Make a personal token for USER and print it; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Read whose, what for and how long."""
        parser.add_argument("user")
        parser.add_argument("--name", default="create_token", help="what the token is for")
        parser.add_argument(
            "--scope",
            action="append",
            dest="scopes",
            help=f"one of {', '.join(SCOPES)}, perhaps with a place such as registry.push:team/app;"
            " may be given several times; all of them when left out",
        )
        parser.add_argument("--days", type=int, default=90, help="days until it expires (90)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        try:
            issued = issue_personal_token(
                owner=_person(options["user"]),
                name=options["name"],
                scopes=options["scopes"] or tuple(SCOPES),
                expires_at=timezone.now() + timedelta(days=_days(options["days"])),
                origin=Origin(credential="command line"),
            )
        except PortalError as error:
            raise CommandError(error.message) from error
        self.stdout.write(issued.secret)


def _person(username: str) -> User:
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise CommandError(f"There is no active person with the user name {username!r}.")
    return person


def _days(days: int) -> int:
    if not 1 <= days <= 3650:
        raise CommandError("Choose from 1 to 3650 days for --days.")
    return days
