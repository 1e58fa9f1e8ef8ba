"""Takes engines on: the addresses that the settings name, and those that a person adds."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.nodes.models import EngineEndpoint
from dce_portal import parsers
from dce_portal.configuration import Configuration
from dce_portal.errors import InvalidInput

LOCAL_SOCKET = Path("/var/run/docker.sock")


def adopt_configured_engines() -> None:
    """Make the addresses from the settings rows to poll; an address that left the settings is asked no more."""
    configuration: Configuration = settings.CONFIGURATION
    urls = configured_urls(configuration)
    with transaction.atomic():
        EngineEndpoint.objects.filter(from_settings=True).exclude(url__in=urls).delete()
        for url in urls:
            values = {**_tls_files(url, configuration), "from_settings": True}
            EngineEndpoint.objects.update_or_create(url=url, defaults=values)


def configured_urls(configuration: Configuration) -> tuple[str, ...]:
    """The addresses that DCE_DOCKER_HOST names, else this machine's engine where there is one."""
    if configuration.docker_hosts:
        return configuration.docker_hosts
    return (f"unix://{LOCAL_SOCKET}",) if LOCAL_SOCKET.is_socket() else ()


def _tls_files(url: str, configuration: Configuration) -> dict[str, str]:
    files = {
        "tls_ca": configuration.docker_tls_ca,
        "tls_cert": configuration.docker_tls_cert,
        "tls_key": configuration.docker_tls_key,
    }
    is_remote = url.startswith("tcp://")
    return {name: str(path) if path and is_remote else "" for name, path in files.items()}


def check_engine_url(url: str) -> None:
    """Refuse what is no engine's address, and addresses that only a cloud's own machines answer at."""
    try:
        found = parsers.engines(url)
    except parsers.WrongValueError:
        found = ()
    if found != (url,):
        raise InvalidInput(
            _("An engine's address is unix:///path/docker.sock or tcp://host:2376."), field="url"
        )
    if is_link_local(urlsplit(url).hostname or ""):
        raise InvalidInput(_("An engine's address cannot be a link-local one."), field="url")


def check_engine_socket(url: str) -> None:
    """Refuse a unix socket that is not there or that the portal may not open."""
    scheme, _separator, path = url.partition("://")
    if scheme != "unix":
        return
    if not Path(path).is_socket():
        raise InvalidInput(
            _("There is no socket at %(path)s on the portal's machine.") % {"path": path},
            field="url",
        )
    if not os.access(path, os.R_OK | os.W_OK):
        raise InvalidInput(
            _("The portal's user may not open %(path)s. Add that user to the socket's group.")
            % {"path": path},
            field="url",
        )


def check_tls_file(path: str, *, field: str) -> None:
    """Refuse a TLS file that the portal cannot read; an empty name is none."""
    if not path:
        return
    if not Path(path).is_file():
        raise InvalidInput(
            _("There is no file %(path)s on the portal's machine.") % {"path": path}, field=field
        )
    if not os.access(path, os.R_OK):
        raise InvalidInput(
            _("The portal's user may not read %(path)s; give it the right to.") % {"path": path},
            field=field,
        )


def is_link_local(host: str) -> bool:
    """Whether only a cloud's own machines answer at this address, such as its metadata service."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_link_local
    except ValueError:
        return False
