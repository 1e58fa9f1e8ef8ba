"""Notes what went over the wire, since the libraries in between tell only whether it went well."""

from __future__ import annotations

import smtplib
import time
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_EXCERPT = 300
LONGEST_WAIT_S = 86_400


@dataclass(slots=True)
class Trace:
    """The last answer and the last error; of mail, the last refusal."""

    status: int | None = None
    excerpt: str = ""
    retry_after_s: int | None = None
    error: BaseException | None = None
    mail_status: int | None = None
    mail_text: str = ""

    def answer(self, response: requests.Response) -> None:
        """Keep what a server said."""
        self.status, self.error = response.status_code, None
        self.retry_after_s = seconds_of(response.headers.get("Retry-After"))

    def mail(self, code: int, text: bytes) -> None:
        """Keep what a mail server refused with."""
        if code >= 400:
            self.mail_status, self.mail_text = code, text.decode(errors="replace")[:LONGEST_EXCERPT]


def seconds_of(retry_after: str | None) -> int | None:
    """A Retry-After header in seconds, given as such or as a date; None where it says nothing of use."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return min(int(retry_after), LONGEST_WAIT_S)
    try:
        wait = parsedate_to_datetime(retry_after).timestamp() - time.time()
    except ValueError:
        return None
    return max(0, min(round(wait), LONGEST_WAIT_S))


@contextmanager
def traced() -> Iterator[Trace]:
    """Note every request and mail while the block runs, and follow no redirect."""
    trace = Trace()
    send, reply = requests.Session.send, smtplib.SMTP.getreply

    def noted_send(
        session: requests.Session, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        try:
            response = send(session, request, **{**options, "allow_redirects": False})  # type: ignore[arg-type]  # passed through
        except Exception as error:
            trace.error = error
            raise
        trace.answer(response)
        if not options.get("stream"):
            trace.excerpt = response.text[:LONGEST_EXCERPT]
        return response

    def noted_reply(server: smtplib.SMTP) -> tuple[int, bytes]:
        code, text = reply(server)
        trace.mail(code, text)
        return code, text

    requests.Session.send, smtplib.SMTP.getreply = noted_send, noted_reply  # type: ignore[assignment,method-assign]  # put back below
    try:
        yield trace
    finally:
        requests.Session.send, smtplib.SMTP.getreply = send, reply  # type: ignore[method-assign]  # as before
