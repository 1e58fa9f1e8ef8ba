from math import isnan

import pytest

from dce_agent.files import figure, number, pressure_s, read


def test_what_cannot_be_read_is_nothing(tmp_path):
    assert read(f"{tmp_path}/absent") == b""
    assert read(f"{tmp_path}") == b""


def test_a_file_longer_than_one_read_comes_whole(tmp_path):
    (tmp_path / "long").write_bytes(b"x" * 100_000)
    assert len(read(f"{tmp_path}/long")) == 100_000


@pytest.mark.parametrize(("text", "value"), [(b"42\n", 42), (b"-1\n", -1), (b" 7 8", 7)])
def test_a_number_is_the_first_word(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", [b"", b"\n", b"max\n", b"1.5.2"])
def test_no_number_is_nan(text):
    assert isnan(number(text))


def test_a_figure_is_found_by_its_whole_name_only():
    text = b"total_inactive_file 1\nnot_inactive_file 2\ninactive_file 3\nactive_file 4\n"
    assert figure(text, b"inactive_file") == 3
    assert figure(text, b"total_inactive_file") == 1
    assert isnan(figure(text, b"file"))


def test_pressure_is_in_seconds_and_absent_where_the_kernel_does_not_say():
    text = b"some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"
    assert pressure_s(text, b"some") == 2.5
    assert isnan(pressure_s(text, b"full"))
    assert isnan(pressure_s(b"", b"some"))
