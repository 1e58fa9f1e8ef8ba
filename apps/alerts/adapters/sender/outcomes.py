"""What a trace says of a message that did not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import RemoteDisconnected
from typing import Any

import requests
from urllib3.exceptions import NameResolutionError, ProtocolError

from apps.alerts.adapters.sender.trace import Trace

RETRIED_STATUSES = frozenset({408, 425, 429})
REFUSED_FOR_GOOD = 500


def outcome_of(trace: Trace, problem: str) -> dict[str, Any]:
    """The outcome of a job: `problem` as the job saw it, made precise by what went over the wire."""
    if not problem:
        return {"problem": "", "status": trace.status}
    if trace.error is not None:
        return {"problem": problem_of(trace.error)}
    if trace.mail_status is not None:
        return _of_mail(trace)
    if trace.status is not None:
        return _of_status(trace, trace.status)
    # Mail is the one way that fails without an answer, an error of ours or a refusal: nobody listens.
    return {
        "problem": problem if problem == "invalid" else "connect",
        "is_permanent": problem == "invalid",
    }


def _of_mail(trace: Trace) -> dict[str, Any]:
    for_good = (trace.mail_status or 0) >= REFUSED_FOR_GOOD
    return {
        "problem": "mail",
        "status": trace.mail_status,
        "detail": trace.mail_text,
        "is_permanent": for_good,
    }


def _of_status(trace: Trace, status: int) -> dict[str, Any]:
    if 200 <= status < 300:
        return {"problem": "refused", "status": status, "detail": trace.excerpt}
    return {
        "problem": "redirect" if status < 400 else "status",
        "status": status,
        "detail": trace.excerpt,
        "retry_after_s": trace.retry_after_s,
        "is_permanent": status < REFUSED_FOR_GOOD and status not in RETRIED_STATUSES,
    }


def problem_of(error: BaseException) -> str:
    """The word for an error of the wire."""
    causes = list(_causes(error))
    if any(isinstance(cause, requests.Timeout) for cause in causes):
        return "timeout"
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
        return "tls"
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return "name"
    if any(isinstance(cause, RemoteDisconnected | ProtocolError) for cause in causes):
        return "closed"
    return "connect"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: requests puts urllib3's into its arguments."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inner = [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
        waiting.extend(inner)
