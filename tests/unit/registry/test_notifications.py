"""Notifications, also those that no registry would send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.registry.notifications import read_events, read_notice

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EVENT = {
    "id": "e-1",
    "timestamp": "2026-11-22T10:00:00.123456789Z",
    "action": "pull",
    "target": {"mediaType": MANIFEST, "digest": "sha256:1", "repository": "team/app", "tag": "v1"},
    "request": {"method": "GET", "useragent": "docker/28"},
    "actor": {"name": "alice"},
}
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("a:/é\x00", max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*EVENT, "name", "tag"]), inner)
    ),
    max_leaves=8,
)


def test_fields():
    notice = read_notice(EVENT)
    assert (notice.event_id, notice.action, notice.repository) == ("e-1", "pull", "team/app")
    assert (notice.digest, notice.tag, notice.actor) == ("sha256:1", "v1", "alice")
    assert notice.happened_at is not None
    assert notice.happened_at.isoformat() == "2026-11-22T10:00:00.123456+00:00"
    assert notice.is_counted_pull


@pytest.mark.parametrize(
    "change",
    [
        {"request": {"method": "HEAD"}},
        {"target": {"mediaType": "application/octet-stream"}},
        {"action": "push"},
    ],
)
def test_only_a_manifest_that_was_read_counts(change):
    assert not read_notice({**EVENT, **change}).is_counted_pull


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b'{"events": 1}', b'{"events": [1]}', b"[" * 100_000]
)
def test_a_delivery_that_is_none_says_so(body):
    events, problem = read_events(body)
    assert events == []
    assert problem


def test_nul_never_reaches_the_database():
    events, problem = read_events(json.dumps({"events": [{"id": "a\x00b"}]}).encode())
    assert problem == ""
    assert events == [{"id": "a␀b"}]


def test_a_clients_name_cannot_make_a_delivery_unreadable():
    """A backslash before `u0000` is text that a client may call itself, and no NUL."""
    sent = {"events": [{"id": "1", "request": {"useragent": "evil\\u0000"}}]}
    assert read_events(json.dumps(sent).encode()) == (sent["events"], "")


def test_a_lone_surrogate_never_reaches_the_database():
    events, problem = read_events(b'{"events": [{"id": "a\\ud800"}]}')
    assert (events, problem) == ([{"id": "a?"}], "")


@given(st.dictionaries(st.sampled_from([*EVENT, "other"]), jsons))
def test_any_event_is_read(event):
    notice = read_notice(event)
    assert 0 < len(notice.event_id) <= 64
    assert notice.happened_at is None or notice.happened_at.tzinfo is not None
