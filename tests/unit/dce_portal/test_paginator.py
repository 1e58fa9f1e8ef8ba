"""A bounded count says that it is one, and pages are counted with it as with any number."""

from __future__ import annotations

import pytest
from django.template import Context, Engine

from dce_portal.paginator import MOST_COUNTED, BoundedPaginator, OpenCount


class Rows:
    """As many rows as are said, counted as a queryset counts."""

    def __init__(self, many: int) -> None:
        self.many = many

    def order_by(self) -> Rows:
        """In any order."""
        return self

    def values(self, _name: str) -> Rows:
        """The keys alone."""
        return self

    def count(self) -> int:
        """How many."""
        return self.many

    def __getitem__(self, part: slice) -> Rows:
        return Rows(min(self.many, part.stop))


@pytest.mark.parametrize(
    ("many", "said"),
    [(0, "0"), (MOST_COUNTED - 1, "4999"), (MOST_COUNTED, "5000+"), (10**6, "5000+")],
)
def test_people_read_that_there_may_be_more(many: int, said: str) -> None:
    count = BoundedPaginator(Rows(many), 50).count
    text = (
        "{% load i18n %}{{ n }} "
        "{% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
    )
    shown = Engine(libraries={"i18n": "django.templatetags.i18n"}).from_string(text)
    assert shown.render(Context({"n": count})) == f"{said} {said} rows"


def test_it_counts_as_the_number_that_it_is() -> None:
    pages = BoundedPaginator(Rows(10**6), 50)
    assert isinstance(pages.count, OpenCount)
    assert pages.num_pages == MOST_COUNTED // 50
    assert list(pages.page(100).paginator.page_range)[-1] == 100
