import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from apps.metrics.forecast import comparators
from apps.metrics.forecast.trace_files import read_trace


def _write(path, values, *, header="timestamp,value", step_minutes=60):
    moments = np.datetime64("2026-03-01T00:00:00") + np.arange(len(values)) * np.timedelta64(
        step_minutes, "m"
    )
    rows = [
        f"{str(moment).replace('T', ' ')},{value}"
        for moment, value in zip(moments, values, strict=True)
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


@pytest.fixture
def usage():
    hours = np.arange(336)
    return np.random.default_rng(1).normal(0, 2, 336) + 40 + 10 * np.sin(2 * np.pi * hours / 24)


def _run(folder, *flags):
    out, err = StringIO(), StringIO()
    call_command("forecast_backtest", str(folder), *flags, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_json_has_the_agreed_keys(tmp_path, usage):
    _write(tmp_path / "a.csv", usage)
    _write(tmp_path / "b.csv", np.repeat(usage, 12), step_minutes=5)
    out, err = _run(tmp_path, "--json")
    figures = json.loads(out)
    assert set(figures) == {"series", "mean_mase", "coverage_80", "ms_per_series", "methods"}
    assert figures["series"] == 2
    assert 0 < figures["mean_mase"] < 1
    assert 0.6 < figures["coverage_80"] < 1
    assert figures["ms_per_series"] > 0
    assert {"last_value", "seasonal_naive"} <= figures["methods"].keys()
    assert figures["methods"]["seasonal_naive"]["mean_mase"] > figures["mean_mase"]
    assert err == ""


def test_the_step_of_the_samples_does_not_matter(tmp_path, usage):
    (tmp_path / "hourly").mkdir()
    (tmp_path / "fine").mkdir()
    _write(tmp_path / "hourly" / "a.csv", usage)
    _write(tmp_path / "fine" / "a.csv", np.repeat(usage, 12), step_minutes=5)
    hourly, fine = (json.loads(_run(tmp_path / name, "--json")[0]) for name in ("hourly", "fine"))
    assert hourly["mean_mase"] == pytest.approx(fine["mean_mase"])


def test_the_table_names_each_series_and_the_mean(tmp_path, usage):
    _write(tmp_path / "web-1.csv", usage)
    out, _ = _run(tmp_path)
    assert "web-1.csv" in out
    assert any(line.startswith("mean") for line in out.splitlines())


def test_unsorted_repeated_and_a_few_bad_rows_are_taken(tmp_path, usage):
    path = tmp_path / "a.csv"
    _write(path, usage)
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    rows = [*rows[::-1], rows[5], "not a time,3", "2026-03-02 00:00:00,NaN"]
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    out, err = _run(tmp_path, "--json")
    assert json.loads(out)["series"] == 1
    assert "a.csv: 2 rows could not be read" in err


@pytest.mark.parametrize("scale", [1, 1000], ids=["seconds", "milliseconds"])
def test_times_may_be_counts_since_1970(tmp_path, usage, scale):
    rows = [f"{(1_770_000_000 + 3600 * hour) * scale},{value}" for hour, value in enumerate(usage)]
    (tmp_path / "a.csv").write_text("\n".join(["timestamp,value", *rows]), encoding="utf-8")
    assert json.loads(_run(tmp_path, "--json")[0])["mean_mase"] < 1


FORMS = {
    "with a zone": "%Y-%m-%dT%H:%M:%S+02:00",
    "zulu": "%Y-%m-%d %H:%M:%SZ",
    "utc": "%Y-%m-%d %H:%M:%S UTC",
    "no seconds": "%Y-%m-%d %H:%M",
    "slashes": "%Y/%m/%d %H:%M:%S",
    "american": "%m/%d/%Y %H:%M",
    "british": "%d/%m/%Y %H:%M:%S",
    "german": "%d.%m.%Y %H:%M",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_times_may_be_written_in_other_ways(tmp_path, usage, form):
    """As many hours as rows: a day taken for a month would spread them over a year."""
    start = datetime(2026, 3, 5, tzinfo=UTC)
    moments = [(start + timedelta(hours=hour)).strftime(form) for hour in range(len(usage))]
    rows = [f"{moment},{value:.0f}" for moment, value in zip(moments, usage, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["timestamp,value", *rows]), encoding="utf-8")

    trace = read_trace(tmp_path / "a.csv")

    assert (trace.series.hours, trace.bad_rows) == (336, 0)
    assert list(trace.series.values) == [float(f"{value:.0f}") for value in usage]


BAD_FILES = {
    "empty.csv": ("", "no header"),
    "header.csv": ("timestamp,value\n", "no row"),
    "columns.csv": ("time,cpu\n2026-03-01 00:00:00,1\n", "no header"),
    "words.csv": ("timestamp,value\n" + "yesterday,much\n" * 300, "no row"),
    "short.csv": (
        "timestamp,value\n2026-03-01 00:00:00,1\n2026-03-01 01:00:00,2\n",
        "spans 2 hours",
    ),
    "holes.csv": (
        "timestamp,value\n" + "2026-03-01 00:00:00,NaN\n2026-03-01 01:00:00,2\n" * 100,
        "100 of 200 rows",
    ),
    "binary.csv": ("\0\1\2\n\3\4", "no header"),
}


def test_a_bad_file_is_left_out_with_a_sentence(tmp_path, usage):
    _write(tmp_path / "good.csv", usage)
    _write(tmp_path / "constant.csv", np.ones(336))
    for name, (text, _) in BAD_FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    out, err = _run(tmp_path, "--json")
    assert json.loads(out)["series"] == 1
    notes = {line.split()[0].rstrip(":"): line for line in err.splitlines()}
    for name, (_, sentence) in BAD_FILES.items():
        assert sentence in notes[name]
        assert "left out" in notes[name]
    assert "no scale" in notes["constant.csv"]


def test_nothing_usable_fails_with_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="is not a folder"):
        _run(tmp_path / "missing")
    with pytest.raises(CommandError, match="no CSV file"):
        _run(tmp_path)
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(CommandError, match=r"No file could be used.*empty\.csv"):
        _run(tmp_path)


def test_statsmodels_is_set_beside_where_it_is_installed(tmp_path, usage, monkeypatch):
    """The bench installs it; here its two functions are stood in for, and the wiring is real."""
    monkeypatch.setattr(comparators.importlib.util, "find_spec", lambda name: object())
    for name in ("statsmodels_theta", "statsmodels_holt_winters"):
        monkeypatch.setattr(comparators, name, comparators.last_value)
    _write(tmp_path / "a.csv", usage)
    methods = json.loads(_run(tmp_path, "--json")[0])["methods"]
    assert methods["statsmodels_theta"] == methods["statsmodels_holt_winters"]
    assert methods["statsmodels_theta"] == methods["last_value"]
