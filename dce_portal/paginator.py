"""Pages of lists that may hold millions of rows: counting stops where nobody reads on."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST_COUNTED = 5_000


class OpenCount(int):
    """A number that people read as "5000+"."""

    def __str__(self) -> str:
        """With the sign that there are more."""
        return f"{int(self)}+"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs alone
    """Counts up to a bound; pages behind it are reached by a filter, an order or a search."""

    @cached_property
    def count(self) -> int:
        """How many rows, at most the bound."""
        rows: Any = self.object_list
        count = int(rows.order_by()[:MOST_COUNTED].values("pk").count())
        return OpenCount(count) if count == MOST_COUNTED else count
