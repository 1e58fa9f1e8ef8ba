"""A NUL in an admin list's query: PostgreSQL refuses it in any value, so that it must not get there."""

from __future__ import annotations


def test_a_list_begins_anew_without_it(administrator, signed_in):
    answer = signed_in(administrator).get("/admin/workloads/container/?state__exact=%00")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/workloads/container/")
