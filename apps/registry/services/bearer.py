"""Reads the portal's own registry tokens where a client shows one to the portal instead of the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from django.conf import settings

from apps.registry.key_files import REGISTRY_LEEWAY_S
from apps.registry.rights import DELETE
from apps.registry.selectors import person_named, rights_facts
from apps.registry.signing import ALGORITHM
from dce_portal import secret_files

# What the registry still takes has to be looked at here first.
LEEWAY_S = REGISTRY_LEEWAY_S + 5
ROLES = ("reader", "writer", "maintainer", "owner")

_keys: dict[Path, tuple[int, list[Any]]] = {}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who shows a valid token, and what it allows: actions by repository."""

    subject: str
    actions: Mapping[str, frozenset[str]]


def read_bearer(header: str) -> Bearer | None:
    """The token of an Authorization header; None when it is none of ours, or is no longer good."""
    scheme, _space, text = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    for key in _public_keys():
        try:
            claims = jwt.decode(
                text.strip(),
                key,
                algorithms=[ALGORITHM],
                audience=settings.REGISTRY_SERVICE,
                issuer=settings.REGISTRY_ISSUER,
                leeway=LEEWAY_S,
            )
        except jwt.PyJWTError:
            continue
        return Bearer(str(claims.get("sub", "")), _actions(claims))
    return None


def _actions(claims: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    return {
        item["name"]: frozenset(item["actions"])
        for item in claims.get("access", ())
        if item["type"] == "repository"
    }


def _public_keys() -> list[Any]:
    """Those of every certificate in the bundle, so that a change of keys refuses nobody."""
    path: Path = settings.PATHS.secrets / secret_files.SIGNING_CERTIFICATE
    stamp = path.stat().st_mtime_ns
    kept = _keys.get(path)
    if kept is None or kept[0] != stamp:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
        kept = _keys[path] = (stamp, [one.public_key() for one in certificates])
    return kept[1]


def role_of(bearer: Bearer, repository: str) -> str:
    """The highest role there of whoever shows the token.

    A subject that is no person (a robot) has the role that its token's actions amount to.
    """
    person = person_named(bearer.subject)
    if person is None:
        return "maintainer" if DELETE in bearer.actions.get(repository, ()) else "writer"
    if person.is_superuser:
        return "owner"
    _namespaces, grants = rights_facts(person, namespaces=[repository.partition("/")[0]])
    held = {grant.role for grant in grants if grant.repository in (None, repository)}
    return max(held, key=ROLES.index, default="reader")
