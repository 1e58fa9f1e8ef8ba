"""Pages of API lists: cursors, so that a page costs the same wherever it is."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """`?limit=` up to 500; `next` and `previous` are whole addresses."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500
    ordering = "pk"
