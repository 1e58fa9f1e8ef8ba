"""What a thread worked out is forgotten by the first write, whoever writes."""

from __future__ import annotations

import pytest

from apps.registry import recent


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    monkeypatch.setattr(recent, "_memory", recent._Memory())
    state = [1, 1, 1]
    monkeypatch.setattr(recent, "database_state", lambda: tuple(state))
    return state


def counted():
    calls = []

    def work_out():
        calls.append(1)
        return len(calls)

    return work_out


def test_the_same_is_worked_out_once(memory):
    work_out = counted()
    assert [recent.recently("a", work_out) for _ in range(3)] == [1, 1, 1]
    assert recent.recently("b", work_out) == 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_any_write_forgets(memory, place):
    """Another connection, another thread's write, and this connection's own."""
    work_out = counted()
    recent.recently("a", work_out)
    memory[place] += 1
    assert recent.recently("a", work_out) == 2


def test_nothing_grows_old(memory, monkeypatch):
    work_out = counted()
    recent.recently("a", work_out)
    until = recent._memory.until
    monkeypatch.setattr(recent.time, "monotonic", lambda: until + 0.1)
    assert recent.recently("a", work_out) == 2


def test_errors_are_not_remembered(memory):
    def fail():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            recent.recently("a", fail)
    assert recent.recently("a", lambda: 5) == 5


def test_without_a_sign_all_is_worked_out(monkeypatch):
    monkeypatch.setattr(recent, "database_state", lambda: None)
    work_out = counted()
    assert [recent.recently("a", work_out) for _ in range(2)] == [1, 2]


def test_it_holds_a_bounded_number(memory):
    for number in range(3 * recent.MOST_KEPT):
        recent.recently(number, lambda: 1)
    assert len(recent._memory.kept) <= recent.MOST_KEPT
