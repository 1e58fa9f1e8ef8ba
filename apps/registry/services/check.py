"""Asks the registry, the keys, the inbox and the disk, for the page that says what is wrong between them."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from apps.registry.backends import open_probe
from apps.registry.key_files import Stage, own_key_files
from apps.registry.models import RegistryEvent, Repository
from apps.registry.ports import Challenge, ProbePort
from apps.registry.rules.check import CheckFacts, Finding, findings_of
from apps.registry.signing import key_id_of, signer, thumbprint_of
from dce_portal.errors import Unavailable


def check_registry() -> tuple[Finding, ...]:
    """Look at everything now; takes seconds where the registry does not answer."""
    with open_probe() as probe:
        return findings_of(_facts(probe))


def _facts(probe: ProbePort) -> CheckFacts:
    challenge, is_taken, unreachable = _asked(probe)
    files = own_key_files()
    certificate = files.certificate()
    free, whole = _storage()
    return CheckFacts(
        now=timezone.now(),
        service=settings.REGISTRY_SERVICE,
        issuer=settings.REGISTRY_ISSUER,
        key_id=key_id_of(certificate),
        thumbprint=thumbprint_of(certificate),
        certificate_ends=certificate.not_valid_after_utc,
        is_rotating=files.stage() is not Stage.STEADY,
        is_embedded=not settings.REGISTRY_URL,
        challenge=challenge,
        unreachable=unreachable,
        token_is_taken=is_taken,
        last_event_at=RegistryEvent.objects.aggregate(at=Max("received_at"))["at"],
        last_push_at=Repository.objects.aggregate(at=Max("last_pushed_at"))["at"],
        free_bytes=free,
        whole_bytes=whole,
    )


def _asked(probe: ProbePort) -> tuple[Challenge | None, bool | None, str]:
    try:
        challenge = probe.challenge()
        return challenge, probe.accepts(signer().sign(subject="portal", access=()).text), ""
    except Unavailable as error:
        return None, None, error.message


def _storage() -> tuple[int | None, int | None]:
    """Of the embedded registry's disk."""
    if settings.REGISTRY_URL:
        return None, None
    try:
        usage = shutil.disk_usage(settings.PATHS.registry_data)
    except OSError:
        return None, None
    return usage.free, usage.total
