"""What services and containers run of this registry."""

from __future__ import annotations

from apps.policies.rules.references import Uses, uses_of
from apps.workloads.selectors import images_in_use


def all_uses() -> Uses:
    """Tags and digests by repository, whoever runs them."""
    return uses_of(images_in_use())


def used_in(repository: str) -> tuple[frozenset[str], frozenset[str]]:
    """Tags and digests of one repository that are in use."""
    uses = all_uses()
    return (
        frozenset(uses.tags.get(repository, ())),
        frozenset(uses.digests.get(repository, ())),
    )
