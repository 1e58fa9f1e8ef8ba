"""What the audit's actions mean, in words; one that is not known here is shown as it is stored."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTION_WORDS: dict[str, str | Promise] = {
    "sign_in": _("signed in to the portal"),
    "sign_out": _("signed out"),
    "token.issue": _("made a personal token"),
    "token.revoke": _("revoked a personal token"),
    "registry.login": _("signed in with docker"),
    "registry.token": _("asked for rights in the registry"),
    "docker_login.revoke": _("revoked a docker login"),
    "namespace.create": _("made a namespace"),
    "namespace.update": _("changed a namespace"),
    "namespace.delete": _("deleted a namespace"),
    "grant.give": _("gave a grant"),
    "grant.revoke": _("took a grant away"),
    "node.update": _("asked for a change of a node"),
    "node.update.finished": _("the change of a node ended"),
    "agents.upgrade": _("asked for an upgrade of agents"),
    "agents.upgrade.finished": _("the upgrade of agents ended"),
    "jointoken.issue": _("made a join token"),
    "jointoken.revoke": _("revoked a join token"),
    "join.guess": _("tried a join token that does not exist"),
    "join.begin": _("began to join a host"),
    "join.end": _("joined a host"),
    "join.leave": _("let a host leave"),
    "user.add": _("added a person"),
    "user.change": _("changed a person"),
    "user.delete": _("deleted a person"),
    "team.add": _("added a team"),
    "team.change": _("changed a team"),
    "team.delete": _("deleted a team"),
    "group.add": _("added a group"),
    "group.change": _("changed a group"),
    "group.delete": _("deleted a group"),
    "engineendpoint.add": _("added an engine address"),
    "engineendpoint.change": _("changed an engine address"),
    "engineendpoint.delete": _("deleted an engine address"),
}


def action_in_words(action: str) -> str:
    """What was done, as a page shows it."""
    return str(ACTION_WORDS.get(action, action))
