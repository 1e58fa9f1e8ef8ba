"""`manage.py create_token`."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import PersonalToken
from apps.accounts.services import verify_bearer


def test_the_token_alone_is_on_standard_output(alice, capsys):
    call_command("create_token", "alice", "--scope", "api.read", "--days", "7", "--name", "ci")
    printed = capsys.readouterr()
    assert printed.err == ""
    credential = verify_bearer(printed.out.strip(), address=None)
    assert (credential.user, credential.scopes) == (alice, {"api.read"})
    assert PersonalToken.objects.get().name == "ci"


@pytest.mark.parametrize("arguments", [("nobody",), ("alice", "--days", "0")])
def test_what_cannot_be_is_one_sentence(alice, arguments):
    with pytest.raises(CommandError):
        call_command("create_token", *arguments)
    assert not PersonalToken.objects.exists()
