"""Replaces the key that signs registry tokens without a failed pull, as one operation that goes on where it was left.

The embedded registry is restarted behind a spare one. One of your own is restarted by a person: the
first operation makes the key and says what to put where, the second goes on once the registry trusts it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.registry.backends import open_probe
from apps.registry.key_files import FOLLOWED_AFTER_S, KeyFiles, Stage, own_key_files
from apps.registry.signing import key_id_of, load_signer
from dce_portal.errors import Conflict, PortalError, Unavailable
from dce_portal.launcher.errors import LauncherError
from dce_portal.launcher.rolling import roll_registry
from dce_portal.models import FINAL_STATES, Operation
from dce_portal.operations import (
    OperationCancelled,
    OperationRun,
    Target,
    operation_handler,
    start_operation,
)
from dce_portal.origin import PORTAL, Origin

KIND = "registry.rotate_keys"
TRUSTED, SWITCHED, ENDED = 30, 40, 90
LOOK_EVERY_S = 1.0


def request_key_rotation(*, origin: Origin) -> Operation:
    """Start a rotation, or go on with one that waits; the caller has checked `registry.rotate_keys`."""
    if is_rotating():
        raise Conflict(_("A change of the signing key is under way already; wait for its end."))
    return start_operation(
        KIND,
        title=_("Replace the key that signs registry tokens"),
        target=Target("registry_key", key_id_of(own_key_files().certificate()), _("signing key")),
        origin=origin,
    )


def is_rotating() -> bool:
    """Whether an operation waits or runs."""
    return Operation.objects.filter(kind=KIND).exclude(state__in=FINAL_STATES).exists()


def resume_key_rotation() -> Operation | None:
    """Go on with what the controller's end interrupted; one that waits for a person goes on waiting."""
    stage = own_key_files().stage()
    waits_for_person = settings.REGISTRY_URL and stage is Stage.PREPARED
    if stage is Stage.STEADY or waits_for_person or is_rotating():
        return None
    return request_key_rotation(origin=PORTAL)


@operation_handler(KIND)
def carry_out_key_rotation(run: OperationRun) -> Mapping[str, Any]:
    """Step by step, each of which may be repeated."""
    files = own_key_files()
    if files.stage() is Stage.STEADY:
        files.begin()
        run.say(_("Made the next key. Its certificate is in the bundle beside the present one."))
        if settings.REGISTRY_URL:
            return _wait_for_person(run, files)
    if files.stage() is Stage.PREPARED:
        _make_trusted(run, files)
        files.switch()
        run.say(_("The new key signs from now on."))
        run.progress(SWITCHED)
    _wait_for_old_tokens(run, files)
    _retire(run, files)
    return {"key_id": key_id_of(files.certificate()), "stage": files.stage()}


def _wait_for_person(run: OperationRun, files: KeyFiles) -> Mapping[str, Any]:
    run.say(
        _(
            "Put the bundle that the page Registry → Check shows where your registry's"
            " rootcertbundle points, restart the registry, and press “Done” there."
        )
    )
    return {"key_id": key_id_of(files.certificate()), "stage": files.stage()}


def _make_trusted(run: OperationRun, files: KeyFiles) -> None:
    """Nothing is signed with a key before the registry has taken a token of it."""
    try:
        run.stop_if_cancelled()
        if not settings.REGISTRY_URL:
            files.begin()  # where it was interrupted half-way
            _roll(run)
        _try_next_key(files)
    except (PortalError, OperationCancelled):
        if not settings.REGISTRY_URL:
            files.roll_back()
            run.say(_("The next key was thrown away; the present one goes on signing."))
        raise
    run.say(_("The registry takes tokens of the next key."))
    run.progress(TRUSTED)


def _roll(run: OperationRun) -> None:
    try:
        roll_registry(settings.PATHS)
    except LauncherError as error:
        raise Unavailable(
            _("The registry could not be restarted: %(cause)s") % {"cause": error}
        ) from error
    run.say(_("The registry was restarted; a second one answered meanwhile."))


def _try_next_key(files: KeyFiles) -> None:
    signer = load_signer(
        key_pem=files.next_key.read_bytes(), certificate_pem=files.bundle.read_bytes()
    )
    with open_probe() as probe:
        if not probe.accepts(signer.sign(subject="portal", access=()).text):
            raise Conflict(
                _(
                    "The registry does not take tokens of the next key. Put the whole bundle in place,"
                    " restart the registry, and try again; the present key goes on signing."
                )
            )


def _wait_for_old_tokens(run: OperationRun, files: KeyFiles) -> None:
    """Both keys are trusted until the last token of the old one has ended; cancelled, that is done later."""
    time.sleep(FOLLOWED_AFTER_S)
    run.say(
        _("The old key stays trusted until %(time)s, when its last token has ended.")
        % {"time": timezone.localtime(files.retires_at()).strftime("%H:%M:%S")}
    )
    while timezone.now() < files.retires_at():
        run.stop_if_cancelled()
        time.sleep(LOOK_EVERY_S)
    run.progress(ENDED)


def _retire(run: OperationRun, files: KeyFiles) -> None:
    if settings.REGISTRY_URL:
        files.retire()
        run.say(_("The old certificate may leave your registry's bundle; no restart is due."))
    else:
        files.retire()
        _roll(run)
        run.say(_("The old key is trusted no more."))
    run.progress(100)
