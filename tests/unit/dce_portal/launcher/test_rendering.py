"""The servers' configuration: complete, quoted where needed, without what is outside."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

import pytest
import yaml

from dce_portal import configuration
from dce_portal.launcher import programs, rendering
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.keys import make_keys
from dce_portal.launcher.rendering import render_configuration
from dce_portal.launcher.workspace import Workspace, make_private_folder

ALL = {"redis", "registry", "registry-spare", "nginx", "web", "stream", "worker", "poll", "beat"}


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's programs, whether they are installed or not."""
    monkeypatch.setattr(programs.shutil, "which", lambda name, path: f"/usr/sbin/{name}")


def render(data: Path, **settings: str) -> dict[str, str]:
    """Every rendered file by its name."""
    values = configuration.read({"DCE_DATA": str(data), **settings})
    workspace = Workspace(values.paths)
    workspace.make()
    make_keys(values.paths.secrets)
    render_configuration(values, workspace)
    return {path.name: path.read_text() for path in values.paths.config.iterdir()}


def supervised(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The programs, read as supervisord reads its file."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=True)
    parser.read_string(files["supervisord.conf"])
    sections = [name for name in parser.sections() if name.startswith("program:")]
    return {name.removeprefix("program:"): dict(parser[name]) for name in sections}


def test_every_file_is_private_and_complete(tmp_path: Path) -> None:
    """Some hold secrets; none may miss a value."""
    files = render(tmp_path)
    servers = ["nginx.conf", "redis.conf", "registry-spare.yml", "registry.yml"]
    assert sorted(files) == [*servers, "supervisord.conf"]
    assert not [name for name, text in files.items() if "MISSING-VALUE" in text or "{{" in text]
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "config").iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize("name", ["a b", "a ;b", 'a"b', "100%", "$dollar", "数据"])
def test_awkward_paths_stay_out_of_the_configuration(tmp_path: Path, name: str) -> None:
    """Short, plain names stand for them, and lead there."""
    files = render(tmp_path / name)
    assert not [file for file, text in files.items() if name in text]
    assert set(supervised(files)) == ALL
    static = Path(files["nginx.conf"].split("alias ", 1)[1].split("/;", 1)[0])
    assert static.resolve() == tmp_path / name / "static"


def test_long_paths_have_short_sockets(tmp_path: Path) -> None:
    """All servers listen in one short folder."""
    files = render(tmp_path / ("x" * 150))
    socket = files["redis.conf"].split("unixsocket ", 1)[1].split("\n", 1)[0]
    assert len(socket) <= 107


def test_outside_parts_are_left_out(tmp_path: Path) -> None:
    """What DCE_*_URL names is not started here."""
    outside = {"DCE_REDIS_URL": "redis://r", "DCE_REGISTRY_URL": "https://registry.example.org"}
    files = render(tmp_path, **outside)
    assert set(supervised(files)) == ALL - {"redis", "registry", "registry-spare"}
    assert "server registry.example.org:443 max_fails=0;" in files["nginx.conf"]
    assert "proxy_pass https://registry;" in files["nginx.conf"]
    assert "group:stores" not in files["supervisord.conf"]


def test_listens_on_every_address_and_nowhere_else(tmp_path: Path) -> None:
    """IPv6 in brackets."""
    files = render(tmp_path, DCE_BIND="10.0.0.1,[::1]", DCE_HTTP_PORT="8127")
    lines = [line.strip() for line in files["nginx.conf"].splitlines()]
    listened = [line for line in lines if line.startswith("listen ")]
    plain, tls = ("10.0.0.1:8127", "[::1]:8127"), ("10.0.0.1:8443", "[::1]:8443")
    expected = [f"listen {address};" for address in plain]
    assert listened == expected + [f"listen {address} ssl http2;" for address in tls]
    assert "allow 10.0.0.1;" in lines


def test_https_can_be_switched_off(tmp_path: Path) -> None:
    """Neither a listener nor a certificate."""
    assert "ssl_certificate" in render(tmp_path / "a")["nginx.conf"]
    assert (
        "ssl" not in render(tmp_path / "b", DCE_HTTPS_PORT="0")["nginx.conf"].split("location")[0]
    )


def test_the_operators_certificate_is_served_from_an_awkward_place(tmp_path: Path) -> None:
    """Through a link with a plain name."""
    folder = tmp_path / "my ;certificates"
    folder.mkdir()
    for name in ("a.pem", "a.key"):
        (folder / name).touch()
    pair = {"DCE_TLS_CERT": str(folder / "a.pem"), "DCE_TLS_KEY": str(folder / "a.key")}
    text = render(tmp_path / "var", **pair)["nginx.conf"]
    served = Path(text.split("ssl_certificate ", 1)[1].split(";", 1)[0])
    assert served.resolve() == folder / "a.pem"


def test_registry_tells_the_portal(tmp_path: Path) -> None:
    """On an address that this machine reaches, with the key."""
    files = render(tmp_path, DCE_BIND="0.0.0.0", DCE_HTTP_PORT="8127")
    registry = yaml.safe_load(files["registry.yml"])
    endpoint = registry["notifications"]["endpoints"][0]
    key = (tmp_path / "secrets" / "registry-event-key").read_text().strip()
    assert endpoint["url"] == "http://127.0.0.1:8127/internal/registry/events"
    assert endpoint["headers"] == {"Authorization": [f"Bearer {key}"]}
    assert registry["http"]["net"] == "unix"
    assert endpoint["ignoredmediatypes"] == ["application/octet-stream"]
    assert registry["storage"]["delete"]["enabled"] is True


def test_layers_come_from_the_disk_of_the_own_registry_alone(tmp_path: Path) -> None:
    """Those of a registry elsewhere are on no disk of ours."""
    own = render(tmp_path / "own")["nginx.conf"]
    assert f"alias {tmp_path}/own/registry/docker/registry/v2/blobs/" in own
    outside = render(tmp_path / "out", DCE_REGISTRY_URL="http://registry:5000")["nginx.conf"]
    assert "/v2/blobs/sha256" not in outside


def test_public_url_overrides_the_clients_name(tmp_path: Path) -> None:
    """The token challenge then names one address."""
    assert 'default "$dce_scheme://$dce_host";' in render(tmp_path / "a")["nginx.conf"]
    files = render(tmp_path / "b", DCE_PUBLIC_URL="https://portal.example.org")
    assert 'default "https://portal.example.org";' in files["nginx.conf"]


def test_only_trusted_proxies_are_believed(tmp_path: Path) -> None:
    """Unset, no sender may say who the client is."""
    assert "set_real_ip_from" not in render(tmp_path / "a")["nginx.conf"]
    files = render(tmp_path / "b", DCE_TRUSTED_PROXIES="10.0.0.0/8")
    assert "set_real_ip_from 10.0.0.0/8;" in files["nginx.conf"]
    assert "10.0.0.0/8 1;" in files["nginx.conf"]


def test_every_program_heals(tmp_path: Path) -> None:
    """Started again for ever, ended within the time; but not the spare, which runs while the registry restarts."""
    for name, program in supervised(render(tmp_path)).items():
        assert program["autorestart"] == ("false" if programs.SPARE_REGISTRY in name else "true")
        assert int(program["stopwaitsecs"]) <= 5


def test_missing_programs_are_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the one line that installs them."""
    monkeypatch.setattr(programs.shutil, "which", lambda name, path: None)
    with pytest.raises(LauncherError) as caught:
        programs.find_servers(configuration.read({"DCE_REDIS_URL": "redis://r"}))
    assert str(caught.value) == (
        "nginx and docker-registry cannot be found;"
        " install it with: apt-get install nginx docker-registry"
    )


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_local_origin(address: str, origin: str) -> None:
    """A wildcard is no address to connect to."""
    assert rendering.local_origin(configuration.read({"DCE_BIND": address})) == origin


def test_a_folder_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    """A link, or one that others may enter, in the shared temporary folder."""
    trap, opened = tmp_path / "trap", tmp_path / "open"
    trap.symlink_to(tmp_path)
    opened.mkdir(mode=0o755)
    for folder in (trap, opened):
        with pytest.raises(LauncherError, match="belongs to somebody else or is open to others"):
            make_private_folder(folder)


def test_the_guard_fails_as_the_settings_want_it(tmp_path: Path) -> None:
    """Closed says so to the client, open goes on to the registry with what was kept."""
    closed = render(tmp_path / "closed")["nginx.conf"]
    assert "error_page 502 504 = @guard_away;" in closed
    opened = render(tmp_path / "open", DCE_GUARD_FAILS="open")["nginx.conf"]
    assert "error_page 502 504 = @guarded;" in opened
    assert opened.count("/registry-read-only)") == 4
