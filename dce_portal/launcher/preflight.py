"""What would make a start fail, found beforehand and said in one sentence."""

from __future__ import annotations

import errno
import socket

from dce_portal.authority.certificates import utc_now
from dce_portal.authority.https import OwnCertificateError, check_operators_certificate
from dce_portal.configuration import Configuration
from dce_portal.launcher import processes
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.programs import find_servers
from dce_portal.paths import Paths


def check(configuration: Configuration) -> None:
    """Raise a LauncherError for the first thing that is in the way."""
    find_servers(configuration)
    check_not_running(configuration.paths)
    check_certificate(configuration)
    for address in configuration.bind:
        check_port(address, configuration.http_port, name="DCE_HTTP_PORT")
        if configuration.https_port:
            check_port(address, configuration.https_port, name="DCE_HTTPS_PORT")


def check_certificate(configuration: Configuration) -> None:
    """Refuse a certificate of the operator's own that HTTPS could not serve."""
    if not configuration.https_port:
        return
    try:
        check_operators_certificate(configuration, now=utc_now())
    except OwnCertificateError as error:
        raise LauncherError(str(error)) from None


def check_not_running(paths: Paths) -> None:
    """Refuse a second portal over the same data."""
    if processes.is_running(paths):
        raise LauncherError(
            f"A portal is running with {paths.data} already; see it with `make status`,"
            " end it with `make stop`, or name another folder in DCE_DATA."
        )


def check_port(address: str, port: int, *, name: str) -> None:
    """Refuse an address that nginx could not listen on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
            probe.listen(1)
    except OSError as error:
        raise LauncherError(_listen_sentence(address, port, name, error)) from None


def _listen_sentence(address: str, port: int, name: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {address} is already taken by another program;"
            f" end it, or name another port in {name}."
        )
    if error.errno == errno.EACCES:
        return (
            f"This user may not listen on port {port}; name one above 1023 in {name},"
            " or start as root."
        )
    if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
        return f"This machine has no address {address}; name one of its own in DCE_BIND."
    return f"The portal cannot listen on {address}, port {port}: {error.strerror}."
