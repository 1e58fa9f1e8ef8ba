"""Turns the templates of ``docker/controller`` into the configuration that the servers read."""

from __future__ import annotations

import grp
import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dce_portal import secret_files
from dce_portal.authority.https import https_files
from dce_portal.configuration import Configuration
from dce_portal.launcher.programs import SPARE_REGISTRY, Layout, all_programs, group_names
from dce_portal.launcher.workspace import Workspace
from dce_portal.paths import CHECKOUT

TEMPLATES = CHECKOUT / "docker" / "controller"
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
GROUP_PRIORITIES = {"stores": "10", "portal": "20"}


def render_configuration(configuration: Configuration, workspace: Workspace) -> None:
    """Write every file into the config folder, each whole or not at all."""
    values = template_values(configuration, workspace)
    for template in sorted(TEMPLATES.glob("*.conf")) + sorted(TEMPLATES.glob("*.yml")):
        text = render(template.read_text(encoding="utf-8"), values)
        write_private(configuration.paths.config / template.name, text)
    spare = {**values, "registry_socket": str(configuration.paths.socket(SPARE_REGISTRY))}
    text = render((TEMPLATES / "registry.yml").read_text(encoding="utf-8"), spare)
    write_private(configuration.paths.config / f"{SPARE_REGISTRY}.yml", text)


def render(text: str, values: Mapping[str, Any]) -> str:
    """Fill in one template, written in Django's template language, without escaping for HTML."""
    from django.template import Context, Engine

    engine = Engine(autoescape=False, string_if_invalid="MISSING-VALUE")
    context = Context(dict(values), autoescape=False, use_l10n=False, use_tz=False)
    return engine.from_string(text).render(context)


def write_private(path: Path, text: str) -> None:
    """Replace a file that may hold secrets."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def template_values(configuration: Configuration, workspace: Workspace) -> dict[str, Any]:
    """Everything that a template may name."""
    return {
        **_places(workspace),
        **_addresses(configuration),
        **_tls(configuration, workspace),
        **_registry(configuration, workspace),
        **_supervision(configuration, workspace),
    }


def _places(workspace: Workspace) -> dict[str, Any]:
    paths = workspace.paths
    sockets = ("web", "stream", "redis", "registry", "supervisor")
    return {
        "run": str(paths.run),
        "pull_guards": str(paths.pull_guards),
        "cache_marks": str(paths.cache_marks),
        "log": workspace.plain(paths.logs, name="log"),
        "config": workspace.plain(paths.config, name="config"),
        "static": workspace.plain(paths.static, name="static"),
        "checkout": workspace.plain(CHECKOUT, name="checkout"),
        "redis_data": workspace.plain(workspace.redis_data, name="redis"),
        "registry_data": workspace.plain(paths.registry_data, name="registry"),
        **{f"{name}_socket": str(paths.socket(name)) for name in sockets},
    }


def _addresses(configuration: Configuration) -> dict[str, Any]:
    port = configuration.http_port
    own = [address for address in configuration.bind if address not in WILDCARDS]
    return {
        "listen": [f"{bracketed(address)}:{port}" for address in configuration.bind],
        "own_addresses": own,
        "loopback_origin": local_origin(configuration),
        "public_origin": configuration.public_url or "$dce_scheme://$dce_host",
        "trusted_proxies": configuration.trusted_proxies,
    }


def _tls(configuration: Configuration, workspace: Workspace) -> dict[str, Any]:
    """The HTTPS listener; nginx reads its two files through links where their names are not plain."""
    port, files = configuration.https_port, https_files(configuration)
    addresses = configuration.bind if port else ()
    return {
        "listen_tls": [f"{bracketed(address)}:{port}" for address in addresses],
        "tls_certificate": workspace.plain(files.certificate, name="https.pem"),
        "tls_key": workspace.plain(files.key, name="https.key"),
    }


def local_https_origin(configuration: Configuration) -> str | None:
    """As below for HTTPS; None where it is off."""
    if not configuration.https_port:
        return None
    return f"https://{_local_host(configuration)}:{configuration.https_port}"


def local_origin(configuration: Configuration) -> str:
    """The address under which this machine itself reaches the portal."""
    return f"http://{_local_host(configuration)}:{configuration.http_port}"


def _local_host(configuration: Configuration) -> str:
    first = configuration.bind[0]
    return bracketed(WILDCARDS.get(first, first))


def bracketed(address: str) -> str:
    """An IP address as it stands before a port."""
    return f"[{address}]" if ":" in address else address


def _registry(configuration: Configuration, workspace: Workspace) -> dict[str, Any]:
    folder = workspace.paths.secrets
    outside = urlsplit(configuration.registry_url or "")
    default_port = 443 if outside.scheme == "https" else 80
    embedded = f"unix:{workspace.paths.socket('registry')}"
    plain_secrets = workspace.plain(folder, name="secrets")
    return {
        "registry_server": f"{bracketed(outside.hostname)}:{outside.port or default_port}"
        if outside.hostname
        else embedded,
        "registry_spare_server": ""
        if outside.hostname
        else f"unix:{workspace.paths.socket(SPARE_REGISTRY)}",
        "registry_pass": f"{outside.scheme or 'http'}://registry",
        "registry_name": outside.hostname or "registry",
        "registry_event_key": secret_files.read_secret(folder, secret_files.EVENT_KEY),
        "registry_http_secret": secret_files.read_secret(folder, secret_files.UPLOAD_KEY),
        "token_certificate": f"{plain_secrets}/{secret_files.SIGNING_CERTIFICATE}",
        "read_only_file": str(workspace.paths.read_only_file),
        "guard_fails_open": configuration.guard_fails == "open",
    }


def _supervision(configuration: Configuration, workspace: Workspace) -> dict[str, Any]:
    layout = layout_of(workspace)
    programs = all_programs(configuration, layout)
    is_root = os.geteuid() == 0
    return {
        "python": layout.python,
        "guard": workspace.plain(Path(__file__).with_name("guard.py"), name="guard.py"),
        "programs": programs,
        "groups": [
            {"name": name, "programs": members, "priority": GROUP_PRIORITIES[name]}
            for name, members in group_names(programs).items()
        ],
        "user": pwd.getpwuid(0).pw_name if is_root else "",
        "user_group": grp.getgrgid(0).gr_name if is_root else "",
    }


def layout_of(workspace: Workspace) -> Layout:
    """Plain names of this interpreter's environment and of the folders in commands."""
    environment = workspace.plain(Path(sys.prefix), name="venv")
    return Layout(
        python=f"{environment}/bin/{Path(sys.executable).name}",
        run=str(workspace.paths.run),
        config=workspace.plain(workspace.paths.config, name="config"),
    )
