"""The page "Outlook": what a cluster is expected to use, what fills up, and how far to trust that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.metrics.models import MetricObject
from apps.metrics.outlooks import words
from apps.metrics.outlooks.measured import outlook_measures
from apps.metrics.outlooks.selectors import HORIZONS, Accuracy, Filling, accuracy_of, filling_up
from apps.nodes.selectors import clusters_visible_to

Kind = MetricObject.Kind

FILLING_SHOWN = 30
SOON = timedelta(days=14)
ALARMING = timedelta(days=3)
# The band says 80 %: what lies further from it than this is worth a word.
GOOD_HITS = (0.70, 0.92)

NAMES = {
    "cpu_cores": _("CPU"),
    "memory_bytes": _("Memory"),
    "network_rx_bps": _("Network, received"),
    "network_tx_bps": _("Network, sent"),
    "disk_used_bytes": _("Disk"),
}


@dataclass(frozen=True, slots=True)
class FillingRow:
    """One line of what fills up."""

    filling: Filling
    name: str
    link_model: str
    share: float
    tone: str
    says: str


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """One line of how the forecasts did, in words."""

    name: str
    forecasts: int
    hits: str
    tone: str
    yesterday: str
    last_value: str


def outlook_page(user: User, *, cluster: str = "", horizon: str = "") -> dict[str, Any]:
    """Everything of the page in a number of queries that does not grow with the cluster."""
    clusters = list(clusters_visible_to(user))
    by_number = {str(one.pk): one for one in clusters}
    chosen = by_number.get(cluster) or next(iter(clusters), None)
    ahead = horizon if horizon in HORIZONS else "24h"
    page = {"clusters": clusters, "cluster": chosen, "horizon": ahead, "horizons": tuple(HORIZONS)}
    if chosen is None:
        return page
    here = Q(object__cluster_ref=chosen.pk)
    filling = filling_up(user, limit=FILLING_SHOWN, wanted=here)
    return {
        **page,
        "measures": outlook_measures(Kind.CLUSTER),
        "filling": [_filling_row(one) for one in filling],
        "accuracy": _accuracy(chosen.pk, ahead),
    }


LINKS = {Kind.CLUSTER: "nodes_cluster", Kind.NODE: "nodes_node"}


def _filling_row(one: Filling) -> FillingRow:
    full = one.last
    ahead = full.expected_at - timezone.now()
    return FillingRow(
        filling=one,
        name=str(NAMES.get(one.measure, one.measure)),
        link_model=LINKS.get(Kind(one.object.kind), ""),
        share=min(1.0, full.used / full.capacity),
        tone="bad" if ahead < ALARMING else "late" if ahead < SOON else "off",
        says=words.full_sentence(one.times),
    )


def _accuracy(cluster_pk: int, horizon: str) -> list[AccuracyRow]:
    row = MetricObject.objects.filter(kind=Kind.CLUSTER, ref=cluster_pk).first()
    measures = outlook_measures(Kind.CLUSTER)
    found = accuracy_of(row, measures, horizon=horizon) if row else []
    return [_accuracy_row(one) for one in found]


def _accuracy_row(one: Accuracy) -> AccuracyRow:
    low, high = GOOD_HITS
    return AccuracyRow(
        name=str(NAMES.get(one.measure, one.measure)),
        forecasts=one.forecasts,
        hits=words.percent(one.hit_share),
        tone="good" if low <= one.hit_share <= high else "late",
        yesterday=words.saved(one.against_yesterday),
        last_value=words.saved(one.against_last_value),
    )
