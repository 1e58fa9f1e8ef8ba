"""System checks of the settings: what starts, but is probably not meant; each with a hint."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.utils.translation import gettext as _

from dce_portal.configuration import Configuration


@register(Tags.security)
def check_configuration(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401 - Django's own signature
    """Look at the settings that a person has chosen."""
    return [*warnings_of(settings.CONFIGURATION)]


def warnings_of(configuration: Configuration) -> list[CheckMessage]:
    """Every warning that applies."""
    findings = (
        (_is_debug_reachable(configuration), _debug_reachable),
        (_is_plain_and_reachable(configuration), _plain_and_reachable),
        (_is_tls_incomplete(configuration), _tls_incomplete),
        (_is_proxy_unknown(configuration), _proxy_unknown),
    )
    return [message() for applies, message in findings if applies]


def _is_reachable(configuration: Configuration) -> bool:
    return any(not ipaddress.ip_address(address).is_loopback for address in configuration.bind)


def _is_debug_reachable(configuration: Configuration) -> bool:
    return configuration.debug and _is_reachable(configuration)


def _is_plain_and_reachable(configuration: Configuration) -> bool:
    is_https = (configuration.public_url or "").startswith("https:")
    return _is_reachable(configuration) and not is_https


def _is_tls_incomplete(configuration: Configuration) -> bool:
    has_remote = any(host.startswith("tcp://") for host in configuration.docker_hosts)
    return has_remote and None in (configuration.docker_tls_ca, configuration.docker_tls_cert)


def _is_proxy_unknown(configuration: Configuration) -> bool:
    is_https = (configuration.public_url or "").startswith("https:")
    return is_https and not configuration.trusted_proxies


def _debug_reachable() -> CheckMessage:
    return Warning(
        _("Technical error pages are on and other machines can reach the portal."),
        hint=_("Unset DCE_DEBUG, or set DCE_BIND to 127.0.0.1."),
        id="dce.W001",
    )


def _plain_and_reachable() -> CheckMessage:
    return Warning(
        _("Other machines can reach the portal, and passwords travel without encryption."),
        hint=_("Put a proxy with a certificate in front and set DCE_PUBLIC_URL to its address."),
        id="dce.W002",
    )


def _tls_incomplete() -> CheckMessage:
    return Warning(
        _("DCE_DOCKER_HOST has a tcp:// address, but the TLS files are not all set."),
        hint=_("Set DCE_DOCKER_TLS_CA, DCE_DOCKER_TLS_CERT and DCE_DOCKER_TLS_KEY."),
        id="dce.W003",
    )


def _proxy_unknown() -> CheckMessage:
    return Warning(
        _("DCE_PUBLIC_URL is https, but no proxy is trusted to say so."),
        hint=_("Set DCE_TRUSTED_PROXIES to the address of the proxy in front."),
        id="dce.W004",
    )
