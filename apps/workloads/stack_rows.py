"""Keeps a row for each stack that a cluster's services or containers name; nothing else tells of stacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.workloads.models import Container, Service, Stack


@dataclass(frozen=True, slots=True)
class StackRows:
    """The stacks of one cluster, by the word of one answer."""

    cluster_pk: int
    at: datetime
    source: str

    def see(self, names: Iterable[str]) -> None:
        """Make what is new, and stamp what was seen again."""
        seen = {name for name in names if name}
        if not seen:
            return
        stamp = {"observed_at": self.at, "source": self.source[:250]}
        rows = [Stack(cluster_id=self.cluster_pk, name=name, **stamp) for name in sorted(seen)]
        Stack.objects.bulk_create(
            rows,
            batch_size=200,
            update_conflicts=True,
            unique_fields=["cluster", "name"],
            update_fields=list(stamp),
        )

    def drop_unnamed(self, among: Iterable[str] | None = None) -> None:
        """Delete the stacks, all or of these names, that no service and no container names any more."""
        stacks = Stack.objects.filter(cluster_id=self.cluster_pk)
        rows = stacks if among is None else stacks.filter(name__in=list(among))
        names = set(rows.values_list("name", flat=True))
        if gone := names - self._still_named(names):
            stacks.filter(name__in=gone).delete()

    def _still_named(self, names: set[str]) -> set[str]:
        services = Service.objects.filter(cluster_id=self.cluster_pk, stack__in=names)
        named = set(services.order_by().values_list("stack", flat=True).distinct())
        if not (others := names - named):
            return named
        containers = Container.objects.filter(node__cluster_id=self.cluster_pk, stack__in=others)
        return named | set(containers.order_by().values_list("stack", flat=True).distinct())
