"""What ends soon: certificates of agents and of nodes in their Swarm, the portal's own, tokens and robots in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings

from apps.alerts.rules.looking import Answer, Key, Reading, Subject, answer
from apps.alerts.selectors.credentials import credentials_of
from apps.alerts.selectors.facts.asking import MOST_FOUND, Asked
from apps.alerts.selectors.facts.portal import PORTAL
from apps.nodes.models import AgentCertificate, Node
from dce_portal.authority import https_files
from dce_portal.authority.files import FOLDER, AuthorityFiles, read_certificates

# What ends later is of no interest to any rule.
AHEAD = timedelta(days=90)
CALM_DAYS = 9999.0
# A token that nobody used for so long may end unnoticed.
USED_WITHIN = timedelta(days=30)
DAY_S = 86400


def certificates(asked: Asked) -> Answer:
    """Days that are left: of nodes the nearer of agent's and Swarm's certificate, of the portal its own."""
    if asked.kind == "portal":
        return answer(_own(asked), calm=CALM_DAYS)
    ends = _nearest(asked)
    return answer(
        (Reading(subject, _days(asked.now, at)) for subject, at in ends.values()), calm=CALM_DAYS
    )


def _days(now: datetime, at: datetime) -> float:
    return (at - now).total_seconds() / DAY_S


def _nearest(asked: Asked) -> dict[Key, tuple[Subject, datetime]]:
    found: dict[Key, tuple[Subject, datetime]] = {}
    for node, at in [*_agents(asked), *_swarms(asked)]:
        subject = Subject(
            kind="node",
            ref=node.pk,
            label=node.hostname,
            cluster_ref=node.cluster_id,
            node_ref=node.pk,
        )
        known = found.get(subject.key)
        if known is None or at < known[1]:
            found[subject.key] = (subject, at)
    return found


def _agents(asked: Asked) -> Iterator[tuple[Node, datetime]]:
    """The certificate that the agent shall bear is the newest: older ones end without harm."""
    alive = AgentCertificate.objects.filter(revoked_at=None, endpoint__node__isnull=False)
    latest = alive.order_by("endpoint_id", "-issued_at").values_list(
        "endpoint_id", "endpoint__node_id", "expires_at"
    )
    newest: dict[int, tuple[int, datetime]] = {}
    for endpoint, node, at in latest:
        newest.setdefault(endpoint, (node, at))
    due = {node: at for node, at in newest.values() if at <= asked.now + AHEAD}
    for row in Node.objects.filter(pk__in=due):
        yield row, due[row.pk]


def _swarms(asked: Asked) -> Iterable[tuple[Node, datetime]]:
    soon = Node.objects.filter(
        swarm_certificate_expires_at__lte=asked.now + AHEAD, stale_since=None
    )
    return ((row, row.swarm_certificate_expires_at or asked.now) for row in soon[:MOST_FOUND])


def _own(asked: Asked) -> Iterator[Reading]:
    """The nearest end of what the portal shows to agents and to browsers, and of its CA."""
    files = AuthorityFiles(settings.PATHS.secrets / FOLDER)
    shown = https_files(settings.CONFIGURATION).certificate
    paths = (files.controller[0], files.pair("current")[0], shown)
    ends = [one.not_valid_after_utc for path in paths for one in read_certificates(path)[:1]]
    if ends:
        yield Reading(PORTAL, _days(asked.now, min(ends)))


def tokens(asked: Asked) -> Answer:
    """Days that are left of people's tokens, or of others' credentials, that are in use."""
    credentials = credentials_of(asked.kind)
    if credentials is None:
        return Answer()
    soon = credentials.alive().filter(
        expires_at__gt=asked.now,
        expires_at__lte=asked.now + AHEAD,
        last_used_at__gte=asked.now - USED_WITHIN,
    )
    return answer(
        (
            Reading(
                Subject(kind=asked.kind, ref=row["ref"], label=row["label"]),
                _days(asked.now, row["expires_at"]),
            )
            for row in soon[:MOST_FOUND]
        ),
        calm=CALM_DAYS,
    )
