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
    "cluster.show_tokens": _("looked at a Swarm's join tokens"),
    "cluster.show_unlock_key": _("looked at a Swarm's unlock key"),
    "cluster.rotate_tokens": _("asked for new join tokens"),
    "cluster.rotate_tokens.finished": _("the rotation of join tokens ended"),
    "cluster.autolock": _("asked for autolock on or off"),
    "cluster.autolock.finished": _("the change of autolock ended"),
    "cluster.rotate_unlock_key": _("asked for a new unlock key"),
    "cluster.rotate_unlock_key.finished": _("the rotation of the unlock key ended"),
    "cluster.rotate_ca": _("asked for a new certificate authority of a Swarm"),
    "cluster.rotate_ca.finished": _("the rotation of a Swarm's authority ended"),
    "cluster.rename": _("asked for another name of a cluster"),
    "cluster.rename.finished": _("the renaming of a cluster ended"),
    "cluster.forget": _("asked to forget a cluster"),
    "cluster.forget.finished": _("the forgetting of a cluster ended"),
    "node.forget": _("asked to forget an engine"),
    "node.forget.finished": _("the forgetting of an engine ended"),
    "node.unlock": _("asked to unlock a manager"),
    "node.unlock.finished": _("the unlocking of a manager ended"),
    "node.disk_usage": _("asked for an engine's disk usage"),
    "node.disk_usage.finished": _("the measurement of an engine's disk ended"),
    "node.prune": _("asked to prune a node"),
    "node.prune.finished": _("the prune of a node ended"),
    "node.role": _("asked for a node's promotion or demotion"),
    "node.role.finished": _("the change of a node's role ended"),
    "node.labels": _("asked for labels on several nodes"),
    "node.labels.finished": _("the labelling of several nodes ended"),
    "node.remove": _("asked for the removal of a node"),
    "node.remove.finished": _("the removal of a node ended"),
    "service.rebalance": _("asked for a service to be rebalanced"),
    "service.rebalance.finished": _("the rebalancing of a service ended"),
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
