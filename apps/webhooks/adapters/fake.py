"""A receiver in memory, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.webhooks.ports import HookAnswer, HookMessage


@dataclass
class FakeHook:
    """Answers what it is told to, the last answer again and again."""

    answers: list[HookAnswer] = field(default_factory=lambda: [HookAnswer(status=200)])
    sent: list[HookMessage] = field(default_factory=list)

    def send(self, message: HookMessage) -> HookAnswer:
        """Keep the message."""
        self.sent.append(message)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
