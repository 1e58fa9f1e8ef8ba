"""What a client asks of the token endpoint: reads scopes in every shape that clients send.

The grammar is `type[(class)]:name:action[,action]*`. A name may hold a ':' (host:port), so the
first and the last colon are the ones that count. Shapes: repeated parameters, one parameter
with spaces, and both again as form fields. What cannot be read asks for nothing, and is no error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dce_portal.errors import InvalidInput

MOST_SCOPES = 64
LONGEST_SCOPE = 1024


@dataclass(frozen=True, slots=True)
class Scope:
    """Actions that are asked for on one resource; the class of the type is stripped."""

    type: str
    name: str
    actions: frozenset[str]


def parse_scopes(values: Iterable[str]) -> tuple[Scope, ...]:
    """Read all scopes, those of one resource joined, in the order of first mention.

    InvalidInput when there are more than anyone needs.
    """
    texts = [text for value in values for text in value.split()]
    if len(texts) > MOST_SCOPES or any(len(text) > LONGEST_SCOPE for text in texts):
        raise InvalidInput(
            _("Too many or too long scopes; ask for at most %(most)s at once.")
            % {"most": MOST_SCOPES},
            field="scope",
        )
    return _joined(scope for text in texts if (scope := _parse_one(text)) is not None)


def _parse_one(text: str) -> Scope | None:
    kind, colon, rest = text.partition(":")
    name, second_colon, actions = rest.rpartition(":")
    if not (colon and second_colon and kind and name):
        return None
    found = frozenset(action for action in actions.split(",") if action)
    return Scope(_without_class(kind), name, found) if found else None


def _without_class(kind: str) -> str:
    """`repository(plugin)` means the same as `repository`, and registries refuse to see the class."""
    plain, bracket, _rest = kind.partition("(")
    return plain if bracket and kind.endswith(")") else kind


def _joined(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    actions: dict[tuple[str, str], frozenset[str]] = {}
    for scope in scopes:
        key = (scope.type, scope.name)
        actions[key] = actions.get(key, frozenset()) | scope.actions
    return tuple(Scope(kind, name, found) for (kind, name), found in actions.items())
