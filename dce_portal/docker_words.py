"""Docker's words for states, modes and kinds, in the reader's language; a word not known here stays as it is."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

WORDS: dict[str, str | Promise] = {
    # Tasks
    "new": pgettext_lazy("Docker's word", "new"),
    "pending": pgettext_lazy("Docker's word", "pending"),
    "assigned": pgettext_lazy("Docker's word", "assigned"),
    "accepted": pgettext_lazy("Docker's word", "accepted"),
    "preparing": pgettext_lazy("Docker's word", "preparing"),
    "ready": pgettext_lazy("Docker's word", "ready"),
    "starting": pgettext_lazy("Docker's word", "starting"),
    "running": pgettext_lazy("Docker's word", "running"),
    "complete": pgettext_lazy("Docker's word", "complete"),
    "shutdown": pgettext_lazy("Docker's word", "shutdown"),
    "failed": pgettext_lazy("Docker's word", "failed"),
    "rejected": pgettext_lazy("Docker's word", "rejected"),
    "remove": pgettext_lazy("Docker's word", "remove"),
    "orphaned": pgettext_lazy("Docker's word", "orphaned"),
    # Containers and their health
    "created": pgettext_lazy("Docker's word", "created"),
    "restarting": pgettext_lazy("Docker's word", "restarting"),
    "removing": pgettext_lazy("Docker's word", "removing"),
    "paused": pgettext_lazy("Docker's word", "paused"),
    "exited": pgettext_lazy("Docker's word", "exited"),
    "dead": pgettext_lazy("Docker's word", "dead"),
    "healthy": pgettext_lazy("Docker's word", "healthy"),
    "unhealthy": pgettext_lazy("Docker's word", "unhealthy"),
    # Services' modes and updates
    "replicated": pgettext_lazy("Docker's word", "replicated"),
    "global": pgettext_lazy("Docker's word", "global"),
    "replicated-job": pgettext_lazy("Docker's word", "replicated job"),
    "global-job": pgettext_lazy("Docker's word", "global job"),
    "updating": pgettext_lazy("Docker's word", "updating"),
    "completed": pgettext_lazy("Docker's word", "completed"),
    "rollback_started": pgettext_lazy("Docker's word", "rollback started"),
    "rollback_paused": pgettext_lazy("Docker's word", "rollback paused"),
    "rollback_completed": pgettext_lazy("Docker's word", "rollback completed"),
    # Managers
    "reachable": pgettext_lazy("Docker's word", "reachable"),
    "unreachable": pgettext_lazy("Docker's word", "unreachable"),
    "unknown": pgettext_lazy("Docker's word", "unknown"),
    # What an event is about
    "cluster": pgettext_lazy("Docker's word", "cluster"),
    "node": pgettext_lazy("Docker's word", "node"),
    "service": pgettext_lazy("Docker's word", "service"),
    "task": pgettext_lazy("Docker's word", "task"),
    "container": pgettext_lazy("Docker's word", "container"),
}


def in_words(word: str) -> str:
    """The word as a page shows it."""
    return str(WORDS.get(word, word))
