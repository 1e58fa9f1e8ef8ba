"""What a personal token can be narrowed to, in words; pure.

A scope is a right, or a right with a place after a colon: `registry.push` is every namespace,
`registry.push:team` one, `registry.push:team/app` one repository, and `api.read:registry` one
area of the API.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

API_READ = "api.read"
API_WRITE = "api.write"
METRICS_READ = "metrics.read"
REGISTRY_PULL = "registry.pull"
REGISTRY_PUSH = "registry.push"
REGISTRY_DELETE = "registry.delete"
MOST_SCOPES = 50
LONGEST_PLACE = 255

SCOPES: dict[str, Promise] = {
    API_READ: _("Read everything that I may see, through the API"),
    API_WRITE: _("Change what I may change, through the API"),
    METRICS_READ: _("Read figures of what I may see, for Prometheus"),
    REGISTRY_PULL: _("Pull images from the registry"),
    REGISTRY_PUSH: _("Push images to the registry"),
    REGISTRY_DELETE: _("Delete images from the registry"),
}

AREAS: dict[str, Promise] = {
    "cluster": _("clusters, nodes, services and containers"),
    "usage": _("usage and right-sizing"),
    "alerts": _("alerts"),
    "registry": _("the registry"),
    "access": _("people, teams and tokens"),
    "operations": _("operations"),
}

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
PATTERN = (
    rf"^(?:api\.(?:read|write)(?::(?:{'|'.join(AREAS)}))?|metrics\.read"
    rf"|registry\.(?:pull|push|delete)(?::{_COMPONENT}(?:/{_COMPONENT})*)?)$"
)
_SCOPE = re.compile(PATTERN.replace("$", r"\Z"))


def is_scope(text: str) -> bool:
    """True for a scope that tokens can have."""
    return len(text) <= LONGEST_PLACE and _SCOPE.match(text) is not None


def covers(own: Collection[str], wished: str) -> bool:
    """True when one of these scopes allows all that the wished one does."""
    right, _colon, place = wished.partition(":")
    rights = {right, REGISTRY_PUSH} if right == REGISTRY_PULL else {right}
    return any(_holds(scope, rights, place) for scope in own)


def _holds(scope: str, rights: set[str], place: str) -> bool:
    right, _colon, within = scope.partition(":")
    if right not in rights:
        return False
    is_namespace = "/" not in within
    return not within or within == place or (is_namespace and place.startswith(f"{within}/"))


def ordered(scopes: Iterable[str]) -> list[str]:
    """Each once, in the order of the list above, then by place."""
    ranks = {name: rank for rank, name in enumerate(SCOPES)}
    return sorted(set(scopes), key=lambda scope: (ranks[scope.partition(":")[0]], scope))


def in_words(scope: str) -> str:
    """A scope as a person reads it."""
    right, _colon, place = scope.partition(":")
    words = str(SCOPES.get(right, right))
    if not place:
        return words
    if right in (API_READ, API_WRITE):
        return gettext("%(right)s: only %(area)s") % {
            "right": words,
            "area": AREAS.get(place, place),
        }
    where = (
        gettext("the repository %(name)s") if "/" in place else gettext("the namespace %(name)s")
    )
    return gettext("%(right)s: only %(place)s") % {"right": words, "place": where % {"name": place}}
