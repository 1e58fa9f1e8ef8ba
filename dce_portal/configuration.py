"""The one table of ``DCE_*`` settings, for launcher, Django settings and documentation."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dce_portal import parsers, sign_in_options
from dce_portal.option import Option
from dce_portal.paths import CHECKOUT, Paths
from dce_portal.registry_options import REGISTRY_OPTIONS, RegistryConfiguration
from dce_portal.secret import Secret
from dce_portal.sign_in_options import SIGN_IN_OPTIONS, SignInConfiguration


class ConfigurationError(Exception):
    """A setting cannot be used; the text is one sentence for the person who set it."""


OPTIONS = (
    Option(
        "DCE_DATA",
        parsers.folder,
        "folder",
        "var",
        "Where the portal keeps what it writes; a relative path counts from the checkout.",
    ),
    Option(
        "DCE_HTTP_PORT",
        parsers.integer(least=1, most=65535),
        "number",
        "8080",
        "The TCP port for HTTP.",
    ),
    Option(
        "DCE_HTTPS_PORT",
        parsers.integer(least=0, most=65535),
        "number",
        "8443",
        "The TCP port for HTTPS; 0 switches it off.",
    ),
    Option(
        "DCE_TLS_CERT",
        parsers.existing_file,
        "file",
        None,
        "A certificate of your own for HTTPS, its issuers' after it; unset, one of the portal's CA.",
    ),
    Option("DCE_TLS_KEY", parsers.existing_file, "file", None, "The key of that certificate."),
    Option(
        "DCE_BIND",
        parsers.addresses,
        "IP addresses",
        "127.0.0.1",
        "The addresses that it listens on; 0.0.0.0,[::] is every one.",
    ),
    Option(
        "DCE_PUBLIC_URL",
        parsers.origin,
        "address",
        None,
        "The address under which people reach the portal; unset, whatever the client used.",
    ),
    Option(
        "DCE_ADMIN_PASSWORD",
        parsers.secret,
        "secret",
        None,
        "The first administrator's; unset, one is made and kept in DCE_DATA/admin-password.",
        secret=True,
    ),
    Option(
        "DCE_DATABASE_URL",
        parsers.url_with_scheme("postgres", "postgresql", "sqlite"),
        "address",
        None,
        "A PostgreSQL database in place of the embedded SQLite file.",
        secret=True,
    ),
    Option(
        "DCE_REDIS_URL",
        parsers.url_with_scheme("redis", "rediss", "unix"),
        "address",
        None,
        "A Redis in place of the embedded one.",
        secret=True,
    ),
    Option(
        "DCE_REGISTRY_URL",
        parsers.origin,
        "address",
        None,
        "A registry (CNCF Distribution) in place of the embedded one.",
    ),
    Option(
        "DCE_DOCKER_HOST",
        parsers.engines,
        "engine addresses",
        None,
        "The engines of the first cluster; unset, /var/run/docker.sock where it exists.",
    ),
    Option(
        "DCE_DOCKER_TLS_CA",
        parsers.existing_file,
        "file",
        None,
        "Certificate of the authority that signed the tcp:// engines' certificates.",
    ),
    Option(
        "DCE_DOCKER_TLS_CERT",
        parsers.existing_file,
        "file",
        None,
        "The portal's client certificate for tcp:// engines.",
    ),
    Option(
        "DCE_DOCKER_TLS_KEY", parsers.existing_file, "file", None, "The key of that certificate."
    ),
    Option(
        "DCE_AGENT_IMAGE",
        parsers.folder,
        "file",
        "agent-image.tar",
        "The agent's image as `make agent-image` writes it; put into the registry where it is missing.",
    ),
    Option(
        "DCE_TRUSTED_PROXIES",
        parsers.networks,
        "networks",
        None,
        "Proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    ),
    Option(
        "DCE_ALLOWED_HOSTS",
        parsers.host_names,
        "host names",
        "*",
        "The host names that the portal answers to; its own addresses always count.",
    ),
    Option(
        "DCE_DEBUG",
        parsers.boolean,
        "yes or no",
        "no",
        "Show technical error pages; for development only.",
    ),
    Option(
        "DCE_LOG_LEVEL",
        parsers.choice("DEBUG", "INFO", "WARNING", "ERROR"),
        "word",
        "INFO",
        "The least serious log lines that are kept: DEBUG, INFO, WARNING or ERROR.",
    ),
    Option(
        "DCE_LANGUAGE",
        parsers.choice("en", "zh-hans"),
        "word",
        "en",
        "The language before a person has chosen one: en or zh-hans.",
    ),
    Option(
        "DCE_TIME_ZONE",
        parsers.time_zone,
        "time zone",
        "UTC",
        "The time zone in which pages show times.",
    ),
    Option(
        "DCE_POLL_SHARDS",
        parsers.integer(least=1, most=256),
        "number",
        "4",
        "Into how many parts the fleet is split for polling.",
    ),
    Option(
        "DCE_NODE_LIMIT",
        parsers.integer(least=1, most=10000),
        "number",
        None,
        "The most nodes that a Swarm takes by join tokens; unset, as many as there are tokens for.",
    ),
    Option(
        "DCE_ALERT_PRIVATE_ADDRESSES",
        parsers.boolean,
        "yes or no",
        "no",
        "Whether messages of alerts may go to addresses inside private networks and on this machine.",
    ),
    Option(
        "DCE_DELIVERY_DAYS",
        parsers.integer(least=1, most=3650),
        "number",
        "90",
        "How long the history of sent messages is kept, in days.",
    ),
    Option(
        "DCE_AUDIT_DAYS",
        parsers.integer(least=0, most=3650),
        "number",
        "365",
        "How long the audit is kept, in days; 0 keeps it for ever.",
    ),
    Option(
        "DCE_WEB_WORKERS",
        parsers.integer(least=1, most=64),
        "number",
        "2",
        "Processes that answer ordinary requests.",
    ),
    Option(
        "DCE_WORKER_CONCURRENCY",
        parsers.integer(least=1, most=64),
        "number",
        # A replication, a scan and a collection may each take long; the rest goes on beside them.
        "4",
        "Background tasks that run at the same time; of replications, scans and collections one each.",
    ),
    *REGISTRY_OPTIONS,
    *SIGN_IN_OPTIONS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration(SignInConfiguration, RegistryConfiguration):
    """Every setting, typed; None (or an empty tuple) where it is unset and has no default."""

    data: Path
    http_port: int
    https_port: int
    tls_cert: Path | None
    tls_key: Path | None
    bind: tuple[str, ...]
    public_url: str | None
    admin_password: Secret | None
    database_url: Secret | None
    redis_url: Secret | None
    registry_url: str | None
    docker_hosts: tuple[str, ...]
    docker_tls_ca: Path | None
    docker_tls_cert: Path | None
    docker_tls_key: Path | None
    agent_image: Path | None
    trusted_proxies: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    debug: bool
    log_level: str
    language: str
    time_zone: str
    poll_shards: int
    node_limit: int | None
    alert_private_addresses: bool
    delivery_days: int
    audit_days: int
    web_workers: int
    worker_concurrency: int

    @property
    def paths(self) -> Paths:
        """The folders under ``data``."""
        return Paths(self.data)


LIST_FIELDS = ("docker_hosts", "trusted_proxies")
MAPPING_FIELDS = ("group_map",)


def read(environ: Mapping[str, str] = os.environ) -> Configuration:
    """Every setting from the environment and the ``*_FILE`` files, or a ConfigurationError."""
    values: dict[str, Any] = {option.field: _value(option, environ) for option in OPTIONS}
    values["data"] = (CHECKOUT / values["data"]).resolve()
    for field in LIST_FIELDS:
        values[field] = values[field] or ()
    for field in MAPPING_FIELDS:
        values[field] = values[field] or {}
    configuration = Configuration(**values)
    _check_together(configuration)
    return configuration


def unknown_names(environ: Mapping[str, str]) -> dict[str, str]:
    """Names that look like a misspelt setting, each with the one that was probably meant."""
    known = [name for option in OPTIONS for name in (option.name, f"{option.name}_FILE")]
    strangers = (name for name in environ if name.startswith("DCE_") and name not in known)
    matches = {name: get_close_matches(name, known, n=1, cutoff=0.85) for name in strangers}
    return {name: close[0] for name, close in matches.items() if close}


def _value(option: Option, environ: Mapping[str, str]) -> object:
    raw = _raw(option.name, environ) or option.default
    if raw is None:
        return None
    try:
        return option.parse(raw)
    except parsers.WrongValueError as error:
        shown = "set" if option.secret else repr(raw)
        raise ConfigurationError(f"{option.name} is {shown}, but it must be {error}.") from None


def _raw(name: str, environ: Mapping[str, str]) -> str | None:
    value, file_name = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if value and file_name:
        raise ConfigurationError(f"{name} and {name}_FILE are both set; keep one of them.")
    return _file_text(name, Path(file_name)) if file_name else value or None


def _file_text(name: str, path: Path) -> str:
    try:
        content = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigurationError(
            f"{name}_FILE names {path}, which cannot be read: {reason}."
        ) from None
    if not content:
        raise ConfigurationError(f"{name}_FILE names {path}, which is empty.")
    return content


def _check_together(configuration: Configuration) -> None:
    _check_pair("DCE_DOCKER_TLS", configuration.docker_tls_cert, configuration.docker_tls_key)
    _check_pair("DCE_TLS", configuration.tls_cert, configuration.tls_key)
    if sentence := sign_in_options.lacking(configuration):
        raise ConfigurationError(sentence)
    if configuration.https_port == configuration.http_port:
        raise ConfigurationError(
            "DCE_HTTP_PORT and DCE_HTTPS_PORT are the same; give HTTPS another port, or 0 for none."
        )


def _check_pair(prefix: str, certificate: Path | None, key: Path | None) -> None:
    if (certificate is None) != (key is None):
        raise ConfigurationError(
            f"{prefix}_CERT and {prefix}_KEY belong together; set both or neither."
        )


def documentation() -> str:
    """docs/configuration.md, from the table above."""
    rows = [
        f"| `{option.name}` | {option.kind} | {_shown_default(option)} | {option.help} |"
        for option in OPTIONS
    ]
    return DOCUMENT_HEAD + "\n".join(rows) + "\n"


def _shown_default(option: Option) -> str:
    return f"`{option.default}`" if option.default is not None else "unset"


DOCUMENT_HEAD = """\
# Configuration

The portal is set up by environment variables alone. Each can also be read from a file:
`DCE_ADMIN_PASSWORD_FILE` names a file that holds what `DCE_ADMIN_PASSWORD` would, as the secrets
of Docker and Kubernetes need it. An empty value counts as unset. A wrong value ends the start with
one sentence and exit code 2.

This page is made from `dce_portal/configuration.py` by `python -m dce_portal.configuration`; a
test compares them.

| Name | Kind | Default | What it is for |
|---|---|---|---|
"""


if __name__ == "__main__":
    sys.stdout.write(documentation())
