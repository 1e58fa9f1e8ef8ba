"""Reading JSON that somebody else wrote: what is missing, null or of another type becomes a plain default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LARGEST_WHOLE = 2**63 - 1
LONGEST_TEXT = 10_000
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Facts:
    """One JSON object; every reader answers, whatever is in it."""

    def __init__(self, raw: object) -> None:
        """Take a parsed value; anything but an object counts as an empty one."""
        self.raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.raw)

    def __contains__(self, name: str) -> bool:
        """Whether the name is there with a value."""
        return self.raw.get(name) is not None

    def part(self, *path: str) -> Facts:
        """The object at the end of a path of names."""
        value: object = self.raw
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return Facts(value)

    def parts(self, name: str) -> list[Facts]:
        """The objects of a list."""
        return [Facts(item) for item in self._list(name) if isinstance(item, dict)]

    def text(self, name: str, *, most: int = 250) -> str:
        """A text without NULs, cut to what its column holds."""
        value = self.raw.get(name)
        return cleaned(value, most=most) if isinstance(value, str) else ""

    def texts(self, name: str, *, most: int = 512) -> tuple[str, ...]:
        """The texts of a list."""
        return tuple(cleaned(item, most=most) for item in self._list(name) if isinstance(item, str))

    def whole(self, name: str) -> int:
        """A whole number from zero to what a column holds."""
        return self.whole_or_none(name) or 0

    def whole_or_none(self, name: str) -> int | None:
        """The same, with None where there is no number."""
        value = self.raw.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return int(min(max(value, 0), LARGEST_WHOLE)) if value == value else None  # noqa: PLR0124 - NaN

    def true(self, name: str) -> bool:
        """Whether the value is true itself."""
        return self.raw.get(name) is True

    def labels(self, name: str) -> dict[str, str]:
        """Names and texts."""
        value = self.raw.get(name)
        found = value.items() if isinstance(value, dict) else ()
        return {
            cleaned(key, most=LONGEST_TEXT): cleaned(str(text), most=LONGEST_TEXT)
            for key, text in found
        }

    def moment(self, name: str) -> datetime:
        """A time as Docker writes it (RFC 3339, or seconds since 1970)."""
        value = self.raw.get(name)
        try:
            if isinstance(value, str):
                return datetime.fromisoformat(value).astimezone(UTC)
            return datetime.fromtimestamp(self.whole(name), tz=UTC)
        except (ValueError, OverflowError, OSError):
            return NEVER

    def _list(self, name: str) -> list[Any]:
        value = self.raw.get(name)
        return value if isinstance(value, list) else []


def cleaned(text: str, *, most: int) -> str:
    """The text as every database takes it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]
