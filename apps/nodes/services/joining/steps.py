"""Keeps how far each join is, and tells the pages that show it."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.nodes.joining.steps import STATES, STEPS, with_step
from apps.nodes.models import Join
from dce_portal import live
from dce_portal.errors import InvalidInput

TOPIC = "join:all"


def note_step(join: Join, name: str, state: str, *, detail: str = "") -> None:
    """Write one step's state; a failed step fails the join, with its detail as the reason."""
    if name not in STEPS or state not in STATES:
        raise InvalidInput(_("There is no such step in a join. Nothing was changed."))
    with transaction.atomic():
        row = Join.objects.select_for_update().get(pk=join.pk)
        row.steps = with_step(row.steps, name, state, detail=detail, at=timezone.now())
        if state == "failed":
            row.state, row.error = Join.State.FAILED, detail
        row.save(update_fields=["steps", "state", "error", "updated_at"])
        publish_on_commit(row)
    join.refresh_from_db(fields=["steps", "state", "error"])


def publish_on_commit(join: Join) -> None:
    """Tell the watchers of all joins that this one has moved, once that is committed."""
    transaction.on_commit(partial(_publish, join.pk, str(join.state)))


def _publish(join_pk: int, state: str) -> None:
    live.publish(TOPIC, {"type": "join", "id": join_pk, "state": state})
