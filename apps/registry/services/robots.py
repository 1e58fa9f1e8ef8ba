"""Makes, changes, rotates and ends robots, and checks what they sign in with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.services import (
    check_expiry,
    checked_networks,
    counted,
    note_use,
    read_text,
    record_audit,
    refuse_unproven,
    rotate_secret,
    token_digest,
)
from apps.accounts.tokens import generate
from apps.registry.models import COMPONENT, Namespace, Robot
from apps.registry.rights import namespace_of
from apps.registry.robot_models import LONGEST_NAME, PREFIX, RobotRole
from apps.registry.robot_rows import RobotRow, robot_of
from dce_portal.errors import Conflict, InvalidInput, NotAuthenticated
from dce_portal.operations import Target

if TYPE_CHECKING:
    from dce_portal.origin import Origin

MOST_REPOSITORIES = 50
MOST_ROBOTS = 200
# No ${…}, no quoting: letters, digits and single . _ - between them.
_NAME = re.compile(rf"{COMPONENT}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotWish:
    """What a robot shall be."""

    name: str
    role: str
    expires_at: datetime | None
    description: str = ""
    repositories: Sequence[str] = ()
    networks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class IssuedRobot:
    """A robot and its whole secret, which is shown once and kept nowhere."""

    robot: Robot
    secret: str = field(repr=False)


def make_robot(namespace: Namespace, wish: RobotWish, *, origin: Origin) -> IssuedRobot:
    """Make a robot of this namespace."""
    username = _username(namespace, wish.name)
    _check_rights(namespace, role=wish.role, repositories=wish.repositories)
    check_expiry(wish.expires_at)
    made = generate(prefix=PREFIX)
    with transaction.atomic():
        _check_room(namespace, username)
        robot = Robot.objects.create(
            namespace=namespace,
            name=wish.name,
            username=username,
            description=wish.description,
            role=wish.role,
            repositories=sorted(set(wish.repositories)),
            networks=checked_networks(wish.networks),
            expires_at=wish.expires_at,
            made_by=origin.actor_label,
            key=made.key,
            digest=token_digest(made.whole),
        )
        record_audit("robot.add", origin=origin, target=_target(robot), detail=_facts(robot))
    return IssuedRobot(robot, made.whole)


@transaction.atomic
def change_robot(
    robot: Robot,
    *,
    origin: Origin,
    role: str | None = None,
    description: str | None = None,
    repositories: Sequence[str] | None = None,
    networks: Sequence[str] | None = None,
) -> Robot:
    """Change what a robot may do and from where; None leaves a field as it is. The secret stays."""
    robot.role = robot.role if role is None else role
    robot.description = robot.description if description is None else description
    if repositories is not None:
        robot.repositories = sorted(set(repositories))
    if networks is not None:
        robot.networks = checked_networks(networks)
    _check_rights(robot.namespace, role=robot.role, repositories=robot.repositories)
    robot.save(update_fields=["role", "description", "repositories", "networks"])
    record_audit("robot.change", origin=origin, target=_target(robot), detail=_facts(robot))
    return robot


def rotate_robot(
    robot: Robot, *, overlap_hours: int, origin: Origin, expires_at: datetime | None = None
) -> IssuedRobot:
    """Give a robot another secret; the old one goes on for so many hours."""
    with transaction.atomic():
        row = Robot.objects.select_for_update().get(pk=robot.pk)
        secret = rotate_secret(
            row, overlap_hours=overlap_hours, expires_at=expires_at, prefix=PREFIX
        )
        detail = {**_facts(row), "overlap_hours": overlap_hours}
        record_audit("robot.rotate", origin=origin, target=_target(row), detail=detail)
    row.namespace = robot.namespace
    return IssuedRobot(row, secret)


@transaction.atomic
def revoke_robot(robot: Robot, *, origin: Origin) -> None:
    """End a robot at once; registry tokens that are out end within minutes by themselves."""
    alive = Robot.objects.filter(pk=robot.pk, revoked_at=None)
    if not alive.update(revoked_at=timezone.now()):
        raise Conflict(_("This robot was revoked already; nothing was changed."))
    record_audit("robot.revoke", origin=origin, target=_target(robot))
    robot.refresh_from_db(fields=["revoked_at"])


def verify_robot(username: str, secret: str, *, address: str | None) -> RobotRow:
    """The robot that this user name and secret belong to; NotAuthenticated with the sentence that docker prints."""
    with counted(secret, address=address):
        text = read_text(secret, prefix=PREFIX)
        row = robot_of(text.key)
        refuse_unproven(row, text, address=address)
    if row is None or row.username != username:
        raise NotAuthenticated(_("This token belongs to another user name than the one given."))
    note_use("registry.Robot", row.id, last_used_at=row.last_used_at, address=address)
    return row


def _username(namespace: Namespace, name: str) -> str:
    if len(name) > LONGEST_NAME or not _NAME.match(name):
        message = _("Use lower-case letters and digits, with single . _ or - between them.")
        raise InvalidInput(message, field="name")
    return f"robot-{namespace.name}-{name}"


def _check_room(namespace: Namespace, username: str) -> None:
    """A robot that ended keeps its name, so that records go on meaning one thing."""
    people = get_user_model().objects.filter(username=username)
    if people.exists() or Robot.objects.filter(username=username).exists():
        message = _("%(name)s is taken; choose another name.") % {"name": username}
        raise Conflict(message, field="name")
    if namespace.robots.filter(revoked_at=None).count() >= MOST_ROBOTS:
        message = _("This namespace has %(most)d robots; revoke one first.")
        raise Conflict(message % {"most": MOST_ROBOTS})


def _check_rights(namespace: Namespace, *, role: str, repositories: Sequence[str]) -> None:
    if role not in RobotRole.values:
        raise InvalidInput(_("%(role)s is no role of robots.") % {"role": role}, field="role")
    if len(repositories) > MOST_REPOSITORIES:
        message = _("Name at most %(most)d repositories.") % {"most": MOST_REPOSITORIES}
        raise InvalidInput(message, field="repositories")
    for name in repositories:
        if namespace_of(name) != namespace.name:
            message = _("%(repository)s does not lie in %(namespace)s.")
            words = {"repository": name[:100], "namespace": namespace.name}
            raise InvalidInput(message % words, field="repositories")


def _target(robot: Robot) -> Target:
    return Target("robot", str(robot.pk), robot.username)


def _facts(robot: Robot) -> dict[str, object]:
    return {
        "role": robot.role,
        "repositories": robot.repositories,
        "networks": robot.networks,
        "expires_at": robot.expires_at.isoformat() if robot.expires_at else None,
    }
