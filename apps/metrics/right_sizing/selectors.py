"""Reads of right-sizing, for those who may view services; one list for the page, its CSV and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from apps.accounts.models import User
from apps.metrics.right_sizing.models import QuietContainer, ServiceSizing
from apps.metrics.right_sizing.rules import THROTTLED_FROM, VERDICTS

Viewer = User | AnonymousUser
QUIET_FOR = timedelta(days=7)
# A container counts as idle when most of that time was measured: an absence proves nothing.
QUIET_MINUTES = 6 * 1440
MOST_QUIET = 25
ORDERS = {
    "name": ("service__name", "pk"),
    "cpu": ("-cpu_saving", "-memory_saving", "pk"),
    "memory": ("-memory_saving", "-cpu_saving", "pk"),
    "verdict": ("verdict_rank", "service__name", "pk"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingWish:
    """What of the list is asked for."""

    cluster: str = ""
    verdict: str = ""
    text: str = ""
    order: str = "verdict"


def read_wish(asked: Mapping[str, str]) -> SizingWish:
    """Read an address' query; what it cannot mean is passed over."""
    verdict, order = asked.get("verdict", ""), asked.get("order", "")
    cluster = asked.get("cluster", "")
    return SizingWish(
        cluster=cluster if cluster.isascii() and cluster.isdigit() and len(cluster) < 19 else "",
        verdict=verdict if verdict in (*VERDICTS, "throttled") else "",
        text=asked.get("q", "").replace("\0", "")[:200],
        order=order if order in ORDERS else "verdict",
    )


def sizings_visible_to(user: Viewer) -> QuerySet[ServiceSizing]:
    """Every service's row, with the service and its cluster."""
    rows = ServiceSizing.objects.select_related("service__cluster")
    return rows if user.is_active and user.has_perm("workloads.view_service") else rows.none()


def sizings(user: Viewer, wish: SizingWish) -> QuerySet[ServiceSizing]:
    """Those that are asked for, in the order that is asked for."""
    rows = sizings_visible_to(user)
    if wish.cluster:
        rows = rows.filter(service__cluster=int(wish.cluster))
    if wish.verdict:
        rows = rows.filter(_verdict(wish.verdict))
    if wish.text:
        found = Q(service__name__icontains=wish.text) | Q(service__stack__icontains=wish.text)
        rows = rows.filter(found)
    return rows.annotate(verdict_rank=_rank()).order_by(*ORDERS[wish.order])


def _verdict(word: str) -> Q:
    return Q(cpu_throttled_share__gte=THROTTLED_FROM) if word == "throttled" else Q(verdict=word)


def _rank() -> Any:  # noqa: ANN401 - an expression
    cases = [When(verdict=word, then=Value(rank)) for rank, word in enumerate(VERDICTS)]
    return Case(*cases, default=Value(len(VERDICTS)), output_field=IntegerField())


def summary(user: Viewer) -> dict[str, Any]:
    """What all services together could free or need, how many have which verdict: one query."""
    parts: dict[str, Any] = {
        "services": Count("pk"),
        "cores_freed": Sum("cpu_saving", filter=Q(cpu_saving__gt=0)),
        "bytes_freed": Sum("memory_saving", filter=Q(memory_saving__gt=0)),
        "cores_needed": Sum("cpu_saving", filter=Q(cpu_saving__lt=0)),
        "bytes_needed": Sum("memory_saving", filter=Q(memory_saving__lt=0)),
        "throttled": Count("pk", filter=_verdict("throttled")),
        **{word: Count("pk", filter=Q(verdict=word)) for word in VERDICTS},
    }
    found = sizings_visible_to(user).order_by().aggregate(**parts)
    return {name: value or 0 for name, value in found.items()}


def idle_containers(user: Viewer, *, now: datetime | None = None) -> dict[str, Any]:
    """Containers that did nothing for a week, those that hold most memory first: two queries."""
    if not user.has_perms(("workloads.view_service", "workloads.view_container")):
        return {"rows": [], "count": 0, "memory_bytes": 0.0}
    before_s = ((now or timezone.now()) - QUIET_FOR).timestamp()
    idle = QuietContainer.objects.filter(
        since_s__lte=before_s, minutes__gte=QUIET_MINUTES, container__state="running"
    )
    whole = idle.aggregate(count=Count("pk"), memory=Sum("memory_bytes"))
    shown = idle.select_related("container__node", "container__service")
    rows = shown.order_by(F("memory_bytes").desc(nulls_last=True), "pk")[:MOST_QUIET]
    return {
        "rows": [(row, datetime.fromtimestamp(row.since_s, tz=UTC)) for row in rows],
        "count": whole["count"],
        "memory_bytes": whole["memory"] or 0.0,
    }
