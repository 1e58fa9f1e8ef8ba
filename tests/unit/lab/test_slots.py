"""Who may have which slot, and what becomes of the record of a run that died."""

import os
import signal
import subprocess

import pytest

from tests.lab import network, slots
from tests.lab.host import HostProcess, LabError
from tests.lab.slots import Record


@pytest.fixture(autouse=True)
def lab_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(slots.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(network, "is_taken", lambda slot: False)
    monkeypatch.setattr(network, "remove", lambda namespaces, links: None)
    monkeypatch.setattr(network, "processes", lambda namespace: [])
    return tmp_path


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def claimed():
    claim = slots.claim()
    claim.save()
    return claim


def test_two_claims_get_two_slots():
    first, second = claimed(), claimed()
    assert first.slot != second.slot
    first.release()
    second.release()


def test_a_slot_whose_addresses_are_in_use_is_passed_over(monkeypatch):
    monkeypatch.setattr(network, "is_taken", lambda slot: slot.number == 0)
    claim = slots.claim()
    assert claim.slot.number == 1
    claim.release()


def test_no_free_slot_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr(network, "is_taken", lambda slot: True)
    with pytest.raises(LabError, match="are taken"):
        slots.claim()


def test_what_a_dead_run_left_is_swept(lab_folder):
    dead = claimed()
    dead.release()
    assert slots.sweep_abandoned() == [dead.slot.number]
    assert not dead.folder.exists()


def test_what_a_living_run_has_is_left_in_peace():
    living = claimed()
    assert slots.sweep_abandoned() == []
    assert living.folder.exists()
    living.release()


def test_a_kept_lab_is_not_swept_and_can_be_taken_up_again():
    kept = slots.claim()
    kept.record.kept = True
    kept.save()
    kept.release()
    assert slots.sweep_abandoned() == []
    again = slots.claim_kept()
    assert again.slot == kept.slot
    again.release()


def test_the_sweep_ends_the_recorded_process(sleeper):
    dead = slots.claim()
    dead.record.processes["eng1"] = HostProcess.of(sleeper.pid)
    dead.save()
    dead.release()
    slots.sweep_abandoned()
    # The sweep, which runs in the same process here, has reaped it.
    assert HostProcess.of(sleeper.pid) is None


@pytest.mark.parametrize("other", ["start", "boot"])
def test_another_process_with_a_recorded_number_is_left_in_peace(sleeper, other):
    process = HostProcess.of(sleeper.pid)
    dead = slots.claim()
    if other == "start":
        process = HostProcess(process.pid, process.start_ticks - 1)
    else:
        dead.record.boot_id = "an earlier run of the machine"
    dead.record.processes["eng1"] = process
    dead.save()
    dead.release()
    slots.sweep_abandoned()
    assert sleeper.poll() is None


def test_a_record_survives_its_file():
    record = Record("boot", kept=True, links=["l"], processes={"eng1": HostProcess(1, 2)})
    assert Record.from_json(record.to_json()) == record


def test_a_zombie_counts_as_dead(sleeper):
    process = HostProcess.of(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not process.alive
