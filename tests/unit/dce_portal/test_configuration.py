"""Every setting is typed, each may come from a file, and a wrong one is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from dce_portal import configuration
from dce_portal.configuration import ConfigurationError, read
from dce_portal.paths import CHECKOUT


def test_defaults() -> None:
    """Nothing set: one machine, loopback only."""
    values = read({})
    assert values.data == CHECKOUT / "var"
    assert (values.http_port, values.bind) == (8080, ("127.0.0.1",))
    assert values.docker_hosts == ()
    assert values.trusted_proxies == ()
    assert values.redis_url is None
    assert values.debug is False


def test_typed_values() -> None:
    """Lists, addresses, words."""
    values = read(
        {
            "DCE_BIND": "0.0.0.0, [::]",
            "DCE_DOCKER_HOST": "unix:///var/run/docker.sock,tcp://10.0.0.5:2376",
            "DCE_PUBLIC_URL": "https://portal.example.org/",
            "DCE_TRUSTED_PROXIES": "10.1.2.3/8",
            "DCE_LOG_LEVEL": "debug",
            "DCE_DEBUG": "Yes",
        }
    )
    assert values.bind == ("0.0.0.0", "::")
    assert values.docker_hosts == ("unix:///var/run/docker.sock", "tcp://10.0.0.5:2376")
    assert values.public_url == "https://portal.example.org"
    assert values.trusted_proxies == ("10.0.0.0/8",)
    assert values.log_level == "DEBUG"
    assert values.debug is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DCE_HTTP_PORT", "0"),
        ("DCE_HTTP_PORT", "65536"),
        ("DCE_HTTP_PORT", "-1"),
        ("DCE_HTTPS_PORT", "65536"),
        ("DCE_TLS_CERT", "/nowhere/cert.pem"),
        ("DCE_BIND", "localhost"),
        ("DCE_BIND", ","),
        ("DCE_PUBLIC_URL", "portal.example.org"),
        ("DCE_PUBLIC_URL", "https://portal.example.org/path"),
        ("DCE_PUBLIC_URL", 'https://a";include /etc/passwd;"'),
        ("DCE_PUBLIC_URL", "https://$host"),
        ("DCE_REGISTRY_URL", "ftp://registry"),
        ("DCE_DOCKER_HOST", "tcp://10.0.0.5"),
        ("DCE_DOCKER_HOST", "npipe:////./pipe/docker"),
        ("DCE_DOCKER_TLS_CA", "/nowhere/ca.pem"),
        ("DCE_TRUSTED_PROXIES", "proxy"),
        ("DCE_ALLOWED_HOSTS", "https://a"),
        ("DCE_DEBUG", "perhaps"),
        ("DCE_LOG_LEVEL", "LOUD"),
        ("DCE_LANGUAGE", "fr"),
        ("DCE_TIME_ZONE", "Mars/Olympus"),
        ("DCE_POLL_SHARDS", "many"),
        ("DCE_REDIS_URL", "http://redis"),
    ],
)
def test_wrong_values_are_one_sentence(name: str, value: str) -> None:
    """It names the setting and what is right."""
    with pytest.raises(ConfigurationError, match=rf"^{name} is .*, but it must be .*\.$") as caught:
        read({name: value})
    assert "\n" not in str(caught.value)


def test_a_wrong_secret_is_not_printed() -> None:
    """A password in an address stays out of the sentence."""
    with pytest.raises(ConfigurationError) as caught:
        read({"DCE_DATABASE_URL": "mysql://portal:hunter2@db/portal"})
    assert "hunter2" not in str(caught.value)


def test_secrets_do_not_show() -> None:
    """Neither as text nor in the configuration's own."""
    values = read({"DCE_ADMIN_PASSWORD": "hunter2", "DCE_REDIS_URL": "redis://:hunter2@redis/0"})
    assert values.admin_password is not None
    assert values.admin_password.reveal() == "hunter2"
    assert "hunter2" not in f"{values!r} {values.admin_password} {values.redis_url}"


def test_value_from_a_file(tmp_path: Path) -> None:
    """As Docker's secrets come; the line's end is not part of it."""
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    values = read({"DCE_ADMIN_PASSWORD_FILE": str(secret)})
    assert values.admin_password is not None
    assert values.admin_password.reveal() == "hunter2"


@pytest.mark.parametrize("content", [None, ""])
def test_unusable_file(tmp_path: Path, content: str | None) -> None:
    """Missing or empty is said, not taken for unset."""
    path = tmp_path / "port"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"^DCE_HTTP_PORT_FILE names .*\.$"):
        read({"DCE_HTTP_PORT_FILE": str(path)})


def test_value_and_file_together(tmp_path: Path) -> None:
    """Nobody has to guess which one counts."""
    with pytest.raises(ConfigurationError, match="are both set"):
        read({"DCE_HTTP_PORT": "1", "DCE_HTTP_PORT_FILE": str(tmp_path)})


def test_certificate_without_key(tmp_path: Path) -> None:
    """Half a pair is useless."""
    file = tmp_path / "cert.pem"
    file.touch()
    with pytest.raises(ConfigurationError, match="belong together"):
        read({"DCE_DOCKER_TLS_CERT": str(file)})


def test_own_certificate_without_its_key(tmp_path: Path) -> None:
    """As above for HTTPS."""
    file = tmp_path / "cert.pem"
    file.touch()
    with pytest.raises(ConfigurationError, match="DCE_TLS_CERT and DCE_TLS_KEY belong together"):
        read({"DCE_TLS_CERT": str(file)})


def test_one_port_for_both_listeners() -> None:
    """One of the two could not listen."""
    with pytest.raises(ConfigurationError, match="are the same"):
        read({"DCE_HTTP_PORT": "8443"})
    assert read({"DCE_HTTPS_PORT": "0"}).https_port == 0


def test_misspelt_names_are_noticed() -> None:
    """The names of the test suite are left alone."""
    names = {"DCE_HTPP_PORT": "1", "DCE_TEST_REQUIRE_ALL": "1", "DCE_DATA_FILE": "x"}
    assert configuration.unknown_names(names) == {"DCE_HTPP_PORT": "DCE_HTTP_PORT"}


def test_every_option_has_a_field() -> None:
    """The table and the dataclass agree."""
    assert {option.field for option in configuration.OPTIONS} == set(
        configuration.Configuration.__dataclass_fields__
    )


def test_documentation_is_current() -> None:
    """`python -m dce_portal.configuration > docs/configuration.md` brings it up to date."""
    kept = (CHECKOUT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert kept == configuration.documentation()
