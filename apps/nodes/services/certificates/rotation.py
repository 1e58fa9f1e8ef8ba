"""Replaces the portal's CA with an overlap, as one operation; an hourly task goes on where it was left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.nodes.models import EngineEndpoint
from apps.nodes.selectors import agents_with_certificate
from apps.nodes.services.certificates.renewal import (
    bring_up_to_date,
    renew_due_certificates,
    share_authorities,
)
from dce_portal import authority
from dce_portal.authority import Stage
from dce_portal.errors import Conflict
from dce_portal.models import FINAL_STATES, Operation
from dce_portal.operations import OperationRun, Target, operation_handler, start_operation
from dce_portal.origin import Origin

KIND = "authority.rotate"
SHARED, SWITCHED, FOLLOWED = 30, 40, 95


def request_rotation(*, origin: Origin) -> Operation:
    """Start the rotation, or go on with one that waits; the caller has checked `nodes.manage_cluster`."""
    if Operation.objects.filter(kind=KIND).exclude(state__in=FINAL_STATES).exists():
        raise Conflict(_("A change of the CA is under way already; wait until it has ended."))
    return start_operation(
        KIND,
        title=_("Replace the portal's CA"),
        target=Target("authority", authority.current_fingerprint()[:16], _("the portal's CA")),
        origin=origin,
    )


def preview_rotation() -> list[str]:
    """What the operation will do, in sentences."""
    agents = len(agents_with_certificate())
    if authority.rotation_stage() is not Stage.STEADY:
        return [
            _("The last change of the CA has not ended. This goes on with it; no other CA is made.")
        ]
    return [
        _("A new CA is made and trusted beside the old one by %(n)s agents.") % {"n": agents},
        _("The portal's own certificates and every agent's are issued anew by it, one at a time."),
        _(
            "The old CA is trusted no more once every agent has followed. Agents that do not answer"
            " keep it until they do; the portal tries again every hour."
        ),
        _(
            "Join lines stay valid: they pin the HTTPS key, which stays. Docker clients that trust"
            " the old CA go on, since the old CA vouches for the new one."
        ),
    ]


@operation_handler(KIND)
def carry_out_rotation(run: OperationRun) -> Mapping[str, Any]:
    """Step by step, each of which may be repeated."""
    agents = agents_with_certificate()
    if authority.rotation_stage() is not Stage.OVERLAP:
        _prepare(run, agents)
        _switch(run)
    waiting = _follow(run, agents)
    if not waiting:
        _retire(run)
    return {"agents": len(agents), "waiting": waiting, "ca": authority.current_fingerprint()}


def finish_rotation() -> list[str]:
    """Bring all agents up to date; where a rotation waits for some, take its next steps. Called every hour."""
    if authority.rotation_stage() is Stage.PREPARED and not _is_running():
        authority.switch()
        authority.reload_when_changed(settings.CONFIGURATION)
    behind = [endpoint.url for endpoint in renew_due_certificates()]
    if not behind and authority.rotation_stage() is Stage.OVERLAP and not _is_running():
        authority.retire()
        renew_due_certificates()
    return behind


def _is_running() -> bool:
    return Operation.objects.filter(kind=KIND).exclude(state__in=FINAL_STATES).exists()


def _prepare(run: OperationRun, agents: list[EngineEndpoint]) -> None:
    authority.begin()
    run.say(_("Made the new CA. Every agent is told to trust it beside the old one."))
    for number, endpoint in enumerate(agents, start=1):
        if not share_authorities(endpoint):
            run.say(_reason(endpoint))
        run.progress(SHARED * number // len(agents))


def _switch(run: OperationRun) -> None:
    authority.switch()
    authority.reload_when_changed(settings.CONFIGURATION)
    run.say(_("The new CA signs from now on. The portal's own certificates are issued by it."))
    run.progress(SWITCHED)


def _follow(run: OperationRun, agents: list[EngineEndpoint]) -> list[str]:
    """Renew every agent's certificate; the addresses of those that did not follow."""
    waiting = []
    for number, endpoint in enumerate(agents, start=1):
        if bring_up_to_date(endpoint, origin=_origin(run.operation)):
            run.say(_("%(agent)s bears a certificate of the new CA.") % {"agent": endpoint.url})
        else:
            waiting.append(endpoint.url)
            run.say(_reason(endpoint))
        run.progress(SWITCHED + (FOLLOWED - SWITCHED) * number // len(agents))
    if waiting:
        run.say(
            _(
                "The old CA stays trusted until these have followed: %(agents)s. The portal tries"
                " again every hour; revoke the certificate of one that will not come back."
            )
            % {"agents": ", ".join(waiting)}
        )
    return waiting


def _retire(run: OperationRun) -> None:
    authority.retire()
    behind = [one.url for one in agents_with_certificate() if not share_authorities(one)]
    run.say(_("The old CA is trusted no more."))
    if behind:
        run.say(
            _("These agents could not be told, and trust it until the next hour's try: %(agents)s.")
            % {"agents": ", ".join(behind)}
        )
    run.progress(100)


def _reason(endpoint: EngineEndpoint) -> str:
    endpoint.refresh_from_db(fields=["certificate_error"])
    return endpoint.certificate_error


def _origin(operation: Operation) -> Origin:
    return Origin(actor=operation.actor, address=operation.address, credential=operation.credential)
