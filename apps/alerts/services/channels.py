"""Channels are made, changed and tried; their addresses go in and never come out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.audit import record_audit
from apps.accounts.models import Team
from apps.alerts import backends
from apps.alerts.models import Channel, Delivery, Severity
from apps.alerts.ports.notifier import Address, Message, Receipt
from apps.alerts.rules.addresses import PARTS, address_of, hint_of
from apps.alerts.rules.picture import chart
from apps.alerts.rules.problems import INVALID, problem_in_words
from dce_portal.errors import InvalidInput, Unavailable
from dce_portal.models import Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin
from dce_portal.sealing import seal, unseal
from dce_portal.secret import Secret

TEST = "channel.test"
LONGEST_PART = 2000
NAME_IS_TAKEN = gettext_lazy("Another channel has this name.")
# A day as it often is, for the chart of a test.
SAMPLE = [30 + 4 * (hour % 7) + (22 if 20 <= hour <= 26 else 0) for hour in range(36)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWish:
    """What a channel shall be; of `parts`, secret ones that are empty stay as they are."""

    name: str
    kind: str
    parts: Mapping[str, str]
    is_enabled: bool = True
    language: str = "en"
    time_zone: str = "UTC"
    has_picture: bool = True
    teams: Sequence[Team] = field(default_factory=tuple)

    def facts(self) -> dict[str, Any]:
        """What the row keeps in clear."""
        return {
            "name": self.name,
            "is_enabled": self.is_enabled,
            "language": self.language,
            "time_zone": self.time_zone,
            "has_picture": self.has_picture,
        }


def create_channel(wish: ChannelWish, *, origin: Origin) -> Channel:
    """Make one; its address is understood before anything is kept."""
    said = _usable(wish.kind, wish.parts)
    with transaction.atomic():
        channel = Channel.objects.create(kind=wish.kind, **wish.facts(), **_sealed(wish.kind, said))
        channel.teams.set(wish.teams)
        record_audit("channel.add", origin=origin, target=target_of(channel), detail=_detail(wish))
    return channel


def change_channel(channel: Channel, wish: ChannelWish, *, origin: Origin) -> Channel:
    """Change one; what was kept secret and is not given anew stays."""
    kept = parts_of(channel)
    secret = {part.name for part in PARTS[channel.kind] if part.is_secret}
    given = {name: text for name, text in wish.parts.items() if text or name not in secret}
    said = _usable(channel.kind, {**kept, **given})
    facts = {**wish.facts(), **_sealed(channel.kind, said)}
    with transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(**facts)
        channel.refresh_from_db()
        channel.teams.set(wish.teams)
        detail = {**_detail(wish), "address_changed": said != kept}
        record_audit("channel.change", origin=origin, target=target_of(channel), detail=detail)
    return channel


def facts_of(channel: Channel) -> dict[str, Any]:
    """What a wish says that leaves all as it is: no part is named, so that each stays."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "parts": {},
        "is_enabled": channel.is_enabled,
        "language": channel.language,
        "time_zone": channel.time_zone,
        "has_picture": channel.has_picture,
        "teams": list(channel.teams.all()),
    }


def delete_channel(channel: Channel, *, origin: Origin) -> None:
    """Let one go; what was sent stays in the history under its name."""
    target = target_of(channel)
    with transaction.atomic():
        channel.delete()
        record_audit("channel.delete", origin=origin, target=target)


def test_channel(channel: Channel, *, origin: Origin) -> Operation:
    """Send a real message; the operation says how it went."""
    return start_operation(
        TEST,
        title=_("Send a test message to %(name)s") % {"name": channel.name},
        target=target_of(channel),
        origin=origin,
        parameters={"channel": channel.pk},
    )


@operation_handler(TEST)
def run_test(run: OperationRun) -> Mapping[str, Any]:
    """In the worker: one attempt, its result kept like that of any message."""
    channel = Channel.objects.filter(pk=run.parameters["channel"]).first()
    if channel is None:
        raise InvalidInput(_("This channel is gone. Nothing was sent."))
    run.say(_("Sending to %(where)s") % {"where": channel.hint or channel.name})
    receipt = send_test(channel, sender=run.operation.actor_label)
    words = problem_in_words(receipt.problem, detail=receipt.detail, status=receipt.status)
    if words:
        raise Unavailable(words)
    run.say(_("It arrived after %(ms)d ms.") % {"ms": receipt.duration_ms})
    return {"duration_ms": receipt.duration_ms}


def send_test(channel: Channel, *, sender: str) -> Receipt:
    """One message that says who asked for it, with a chart where the channel has one."""
    with translation.override(channel.language):
        title = _("● Test message to %(name)s") % {"name": channel.name}
        text = _("%(person)s asked for it. If you can read this, alerts arrive here.") % {
            "person": sender
        }
    made = Delivery.objects.create(
        channel=channel,
        channel_name=channel.name,
        kind=Delivery.Kind.TEST,
        state=Delivery.State.SENDING,
        severity=Severity.INFO,
        title=title,
        text=f"{text}\n▁▂▃▅▇\n{settings.CONFIGURATION.public_url or ''}".strip(),
        attempts=1,
    )
    receipt = _attempt(channel, made)
    _record(made, channel, receipt)
    return receipt


def _attempt(channel: Channel, made: Delivery) -> Receipt:
    address = address_of_channel(channel)
    if address is None:
        return Receipt(problem=INVALID, is_permanent=True)
    message = Message(
        title=made.title,
        text=made.text,
        facts={"version": 1, "kind": "test", "title": made.title, "text": made.text, "alerts": []},
        picture=chart(SAMPLE, bound=None, severity="info") if channel.has_picture else None,
        delivery_id=str(made.uid),
    )
    return backends.notifier().send(address, message)


def _record(made: Delivery, channel: Channel, receipt: Receipt) -> None:
    from apps.alerts.services.delivery.failing import note_arrival, note_failure

    now = timezone.now()
    made.state = Delivery.State.SENT if receipt.is_ok else Delivery.State.GIVEN_UP
    made.problem, made.detail, made.status = receipt.problem, receipt.detail, receipt.status
    made.duration_ms, made.finished_at = receipt.duration_ms, now
    made.save()
    if receipt.is_ok:
        note_arrival(channel, now)
    else:
        note_failure(channel, receipt, now, has_given_up=False)


def address_of_channel(channel: Channel) -> Address | None:
    """Where messages go; None where it was sealed with another key, or a part is missing."""
    said = parts_of(channel)
    try:
        return address_of(channel.kind, said) if said else None
    except InvalidInput:
        return None


def parts_of(channel: Channel) -> dict[str, str]:
    """What a person once said of the address, secrets among it: for sending, never for showing."""
    opened = unseal(channel.sealed)
    return json.loads(opened.reveal()) if opened is not None else {}


def shown_parts_of(channel: Channel) -> dict[str, str]:
    """The parts that are no secrets, for the form."""
    said = parts_of(channel)
    return {
        part.name: said.get(part.name, "") for part in PARTS[channel.kind] if not part.is_secret
    }


def target_of(channel: Channel) -> Target:
    """What audit and operations call it."""
    return Target("channel", str(channel.pk), channel.name)


def _usable(kind: str, parts: Mapping[str, str]) -> dict[str, str]:
    if kind not in PARTS:
        raise InvalidInput(_("There is no such kind of channel."), field="kind")
    said = {part.name: parts.get(part.name, "").strip() for part in PARTS[kind]}
    too_long = next((name for name, text in said.items() if len(text) > LONGEST_PART), None)
    if too_long:
        raise InvalidInput(_("This is too long."), field=too_long)
    receipt = backends.notifier().check(address_of(kind, said))
    if not receipt.is_ok:
        raise InvalidInput(
            _("This address cannot be understood."), field="url" if "url" in said else None
        )
    return said


def _sealed(kind: str, said: Mapping[str, str]) -> dict[str, str]:
    return {"sealed": seal(Secret(json.dumps(dict(said)))), "hint": hint_of(kind, said)}


def _detail(wish: ChannelWish) -> dict[str, Any]:
    return {**wish.facts(), "kind": wish.kind, "teams": [team.name for team in wish.teams]}
