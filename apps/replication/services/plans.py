"""What a run is to carry: each tag with its name at either end, and whether it is there already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apps.policies.selectors.facts import refused_to_writers
from apps.registry.ports import RegistryPort
from apps.registry.services import present_tags
from apps.replication.models import ReplicationRule
from apps.replication.ports import RemotePort
from apps.replication.rules.choosing import (
    TAG,
    is_repository,
    is_wanted,
    literal_names,
    placed,
    upstream_name,
    wanted,
)
from apps.replication.services.arriving import Upstream
from dce_portal.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Item:
    """One tag to carry."""

    source: str
    target: str
    tag: str
    digest: str | None = None


def pushed_items(rule: ReplicationRule, only: frozenset[tuple[str, str]] | None) -> Iterator[Item]:
    """The own tags that the rule means, or those of them that are named."""
    for repository, tag, digest in present_tags():
        is_named = only is None or (repository, tag) in only
        if is_named and is_wanted(rule.repositories, repository) and is_wanted(rule.tags, tag):
            yield Item(repository, placed(rule.prefix, repository), tag, digest)


def pulled_items(rule: ReplicationRule, remote: RemotePort, *, host: str) -> Iterator[Item]:
    """The other registry's tags that the rule means."""
    names = literal_names(rule.repositories)
    if names is None:
        names = wanted(rule.repositories, remote.repositories())
    for name in names:
        if not is_repository(name):
            continue
        source = upstream_name(name, host=host)
        for tag in wanted(rule.tags, remote.tags(source)):
            if TAG.fullmatch(tag):
                yield Item(source, placed(rule.prefix, name), tag)


def there(remote: RemotePort, item: Item) -> bool:
    """Whether the other registry has this tag with the same digest."""
    return item.digest is not None and remote.digest_of(item.target, item.tag) == item.digest


def here(remote: RemotePort, own: RegistryPort, item: Item) -> bool:
    """Whether this registry has the tag with the digest that the other one has.

    Conflict where a tag rule says that it may not be made or moved: a run may do what a writer may.
    """
    mine = _digest_here(own, item)
    if mine is not None and remote.digest_of(item.source, item.tag) == mine:
        return True
    if why := refused_to_writers(item.target, item.tag, is_new=mine is None):
        raise Conflict(why)
    return False


def admitted(upstream: Upstream, own: RegistryPort, item: Item) -> str:
    """The name to copy from, once rules for images and the quota of the place here let it in."""
    new_tag = item.tag if _digest_here(own, item) is None else ""
    return upstream.admitted(item.source, item.tag, to=item.target, new_tag=new_tag)


def _digest_here(own: RegistryPort, item: Item) -> str | None:
    try:
        return own.digest_of(item.target, tag=item.tag)
    except NotFound:
        return None
