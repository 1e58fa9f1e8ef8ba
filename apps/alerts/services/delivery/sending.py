"""Sends what is due: each row claimed once, targets side by side, one message at a time to each channel."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.alerts.models import Channel, Delivery
from apps.alerts.ports.notifier import Address, Message, NotifierPort, Receipt
from apps.alerts.rules import problems
from apps.alerts.rules.picture import chart
from apps.alerts.rules.retries import next_wait_s
from apps.alerts.services.channels import address_of_channel
from apps.alerts.services.delivery.failing import note_arrival, note_failure

log = structlog.get_logger(__name__)

State = Delivery.State
LEASE = timedelta(seconds=90)
SIDE_BY_SIDE = 8
LOOK_AGAIN_S = 0.5
# A round ends before the next but one would find its lock gone.
LONGEST_ROUND_S = 45.0
TOO_OLD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one message; it runs in a thread and touches no database."""

    notifier: NotifierPort
    address: Address | None
    message: Message

    def __call__(self) -> Receipt:
        """Send; an address that cannot be opened any more is wrong for good."""
        if self.address is None:
            return Receipt(problem=problems.INVALID, is_permanent=True)
        return self.notifier.send(self.address, self.message)


def address_of(delivery: Delivery) -> Address | None:
    """Where to; None once the channel is gone or off, or its address was sealed with another key."""
    channel = delivery.channel
    return address_of_channel(channel) if channel is not None and channel.is_enabled else None


@dataclass(slots=True)
class Sender:
    """One round of sending."""

    notifier: NotifierPort
    clock: Callable[[], float] = time.monotonic
    under_way: dict[Future[Receipt], Delivery] = field(default_factory=dict)
    sent: int = 0

    def run(self) -> int:
        """Send until nothing is due and nothing under way; returns how many messages arrived."""
        begun = self.clock()
        with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="tell") as pool:
            while True:
                if self.clock() - begun < LONGEST_ROUND_S:
                    self._start(pool)
                if not self.under_way:
                    return self.sent
                self._collect()

    def _start(self, pool: ThreadPoolExecutor) -> None:
        for delivery in claim(SIDE_BY_SIDE - len(self.under_way)):
            attempt = Attempt(self.notifier, address_of(delivery), message_of(delivery))
            self.under_way[pool.submit(attempt)] = delivery

    def _collect(self) -> None:
        done, _rest = wait(self.under_way, timeout=LOOK_AGAIN_S, return_when=FIRST_COMPLETED)
        for future in done:
            delivery = self.under_way.pop(future)
            self.sent += record(delivery, _receipt(future), now=timezone.now())


def _receipt(future: Future[Receipt]) -> Receipt:
    try:
        return future.result()
    except Exception:
        log.exception("message_not_sent")
        return Receipt(problem=problems.CRASH)


def claim(most: int) -> list[Delivery]:
    """Take up to so many due messages, one a channel; what a process that died had taken is taken again."""
    taken: list[Delivery] = []
    now = timezone.now()
    for pk, channel in _due(now):
        if len(taken) >= most:
            break
        if channel in {row.channel_id for row in taken}:
            continue
        if (
            _claimable(now)
            .filter(pk=pk)
            .update(state=State.SENDING, lease_until=now + LEASE, attempts=F("attempts") + 1)
        ):
            taken.append(Delivery.objects.select_related("channel").get(pk=pk))
    return taken


def _due(now: datetime) -> list[tuple[int, int | None]]:
    """Due messages of channels to which none is under way, the oldest first."""
    busy = Delivery.objects.filter(state=State.SENDING, lease_until__gt=now)
    rows = _claimable(now).exclude(channel__in=busy.values("channel"))
    return list(rows.order_by("next_at", "pk").values_list("pk", "channel_id")[:200])


def _claimable(now: datetime) -> QuerySet[Delivery]:
    waits = Q(state__in=[State.WAITING, State.FAILED], next_at__lte=now)
    abandoned = Q(state=State.SENDING, lease_until__lte=now)
    return Delivery.objects.filter(waits | abandoned)


def message_of(delivery: Delivery) -> Message:
    """What is handed over."""
    has_picture = delivery.channel is not None and delivery.channel.has_picture
    curve = delivery.curve
    picture = (
        chart(curve["values"], bound=curve["bound"], severity=curve["severity"])
        if curve and has_picture
        else None
    )
    return Message(
        title=delivery.title,
        text=delivery.text,
        severity=delivery.severity,
        facts={"delivery": str(delivery.uid), **delivery.facts},
        picture=picture,
        delivery_id=str(delivery.uid),
    )


def record(delivery: Delivery, receipt: Receipt, *, now: datetime) -> bool:
    """Write how it went, once; True when it arrived."""
    outcome = {
        "problem": receipt.problem,
        "detail": receipt.detail,
        "status": receipt.status,
        "duration_ms": receipt.duration_ms,
        "lease_until": None,
        **_next(delivery, receipt, now),
    }
    mine = Delivery.objects.filter(pk=delivery.pk, state=State.SENDING, attempts=delivery.attempts)
    if not mine.update(**outcome):
        return receipt.is_ok
    _tell_channel(delivery, receipt, outcome, now)
    return receipt.is_ok


def _next(delivery: Delivery, receipt: Receipt, now: datetime) -> dict[str, object]:
    if receipt.is_ok:
        return {"state": State.SENT, "next_at": None, "finished_at": now}
    chance = random.random()  # noqa: S311 - spreads attempts, guards nothing
    wait_s = next_wait_s(receipt, attempts=delivery.attempts, chance=chance)
    if wait_s is None or now - delivery.created_at > TOO_OLD:
        return {"state": State.GIVEN_UP, "next_at": None, "finished_at": now}
    return {"state": State.FAILED, "next_at": now + timedelta(seconds=wait_s)}


def _tell_channel(
    delivery: Delivery, receipt: Receipt, outcome: dict[str, object], now: datetime
) -> None:
    channel: Channel | None = delivery.channel
    if channel is None:
        return
    if receipt.is_ok:
        note_arrival(channel, now)
        return
    is_over = outcome["state"] == State.GIVEN_UP
    note_failure(channel, receipt, now, has_given_up=is_over)
    if not is_over:
        _hold_back_others(delivery, outcome["next_at"])


def _hold_back_others(delivery: Delivery, until: object) -> None:
    """A channel that fails is asked by one message at a time; the others wait with it."""
    others = Delivery.objects.filter(
        channel=delivery.channel_id, state__in=[State.WAITING, State.FAILED], next_at__lt=until
    )
    others.exclude(pk=delivery.pk).update(next_at=until)
