"""What the audit keeps of consoles: who, where, which command, how long and how it ended; never what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.accounts.models import AuditEvent
from apps.accounts.services import record_audit
from apps.workloads.models import Container
from apps.workloads.streams.wishes import ShellWish, command_text
from dce_portal.operations import Target
from dce_portal.origin import Origin

OPEN, CLOSE = "console.open", "console.close"


@dataclass(frozen=True, slots=True)
class ConsoleRecord:
    """One console in the audit."""

    container: Container
    wish: ShellWish
    origin: Origin

    def opened(self) -> None:
        """It runs."""
        self._write(OPEN)

    def failed(self, why: str) -> None:
        """It could not be opened."""
        self._write(OPEN, result=AuditEvent.Result.FAILED, more={"reason": why})

    def closed(self, *, seconds: float, exit_code: int | None, why: str) -> None:
        """It is over."""
        more = {"seconds": round(seconds), "exit_code": exit_code, "reason": why}
        self._write(CLOSE, more=more)

    def _write(
        self,
        action: str,
        *,
        result: str = AuditEvent.Result.ALLOWED,
        more: Mapping[str, object] | None = None,
    ) -> None:
        node = self.container.node
        detail = {
            "command": command_text(self.wish.command),
            "user": self.wish.user,
            "working_dir": self.wish.working_dir,
            "node": node.hostname,
            "cluster": node.cluster.name,
            "container": self.container.native_id,
            **(more or {}),
        }
        target = Target("container", str(self.container.pk), self.container.name)
        record_audit(action, origin=self.origin, target=target, result=result, detail=detail)


def note_refusal(*, container_pk: int, origin: Origin, why: str) -> None:
    """Somebody without the right tried."""
    target = Target("container", str(container_pk), "")
    result = AuditEvent.Result.DENIED
    record_audit(OPEN, origin=origin, target=target, result=result, detail={"reason": why})
