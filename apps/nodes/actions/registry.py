"""Which actions there are, and which of them a person is offered on a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.nodes.rules.previews import Preview
from dce_portal.errors import Conflict, PermissionDenied, Unsupported
from dce_portal.models import Operation
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django import forms

Wish = Mapping[str, Any]
"""What a person filled in: the action's form's cleaned data, empty where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do to a row of `model`; `preview` and `start` get a tuple of rows where it takes many."""

    name: str
    label: str | Promise
    permission: str
    model: type[Model]
    preview: Callable[[Any, Wish], Preview]
    start: Callable[[Any, Wish, Origin], Operation]
    is_possible: Callable[[Any], bool] = lambda _row: True
    """Whether the row's backend can do it at all; where not, it has no page."""
    is_offered: Callable[[Any], bool] = lambda _row: True
    """Whether it makes sense as the row is now; where not, it has no button."""
    form: type[forms.Form] | None = None
    initial: Callable[[Any], Wish] = lambda _rows: {}
    takes_many: bool = False


_actions: dict[tuple[type[Model], str], Action] = {}


def register(action: Action) -> Action:
    """Make an action known to pages, lists and the API."""
    _actions[action.model, action.name] = action
    return action


def action_of(model: type[Model], name: str) -> Action | None:
    """The action with this name on rows of this model."""
    return _actions.get((model, name))


def actions_for(user: User | AnonymousUser, row: Model) -> list[Action]:
    """What this person may do to this row now, in the order of registration."""
    return [
        action
        for action in actions_on(user, type(row))
        if not action.takes_many and action.is_possible(row) and action.is_offered(row)
    ]


def bulk_actions_for(user: User | AnonymousUser, model: type[Model]) -> list[Action]:
    """What this person may do to several rows at once."""
    return [action for action in actions_on(user, model) if action.takes_many]


def actions_on(user: User | AnonymousUser, model: type[Model]) -> list[Action]:
    """What this person has the rights for, whatever the row is."""
    allowed = (action for (its_model, _name), action in _actions.items() if its_model is model)
    return [action for action in allowed if user.has_perm(action.permission)]


def check_permission(action: Action, user: User | AnonymousUser) -> None:
    """Refuse a person without the action's right."""
    if not user.has_perm(action.permission):
        raise PermissionDenied(_("You may not do this. An administrator can give you the right."))


def start_action(action: Action, subject: object, *, wish: Wish, origin: Origin) -> Operation:
    """Start the operation; Unsupported or Conflict, with the preview's sentence, where that cannot be."""
    rows = subject if isinstance(subject, tuple) else (subject,)
    if not all(action.is_possible(row) for row in rows):
        raise Unsupported(_("This cannot be done here: its backend has no such action."))
    if blocked := action.preview(subject, wish).blocked:
        raise Conflict(blocked)
    return action.start(subject, wish, origin)
