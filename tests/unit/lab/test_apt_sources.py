import pytest

from tests.lab.apt_sources import Source, debian_sources, machine_sources, sources_list
from tests.lab.host import LabError

STANZAS = """\
# written by hand
Types: deb deb-src
URIs: http://mirror.test/debian
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: http://security.test/debian-security
Suites: trixie-security
Components: main

Types: deb
Enabled: no
URIs: http://off.test/debian
Suites: trixie
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_both_forms_are_read(folder):
    (folder / "sources.list").write_text(
        "# a\ndeb [arch=amd64 trusted=yes] http://a/debian b main\n"
    )
    (folder / "sources.list.d/more.list").write_text(
        "deb http://c/x d main\ndeb-src http://e f g\n"
    )
    (folder / "sources.list.d/debian.sources").write_text(STANZAS)
    found = [(source.address, source.suite) for source in machine_sources(folder)]
    assert found == [
        ("http://a/debian", "b"),
        ("http://mirror.test/debian", "trixie"),
        ("http://mirror.test/debian", "trixie-updates"),
        ("http://security.test/debian-security", "trixie-security"),
        ("http://c/x", "d"),
    ]


def test_the_release_and_its_security_updates_are_taken_from_the_machines_mirrors(folder):
    (folder / "sources.list.d/debian.sources").write_text(STANZAS)
    text = sources_list(debian_sources("bookworm", machine_sources(folder)))
    assert text == (
        "deb http://mirror.test/debian bookworm main\n"
        "deb http://security.test/debian-security bookworm-security main\n"
    )


def test_a_machine_without_a_debian_mirror_is_told_so():
    with pytest.raises(LabError, match="no Debian mirror"):
        debian_sources("bookworm", [Source("http://mirror.test/other", "noble")])
