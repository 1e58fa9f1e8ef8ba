"""What hosts call while they join: no session, a token in the path, `key=value` lines both ways.

docs/joining.md has the protocol. No answer here is logged by Django: its path holds the token.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from apps.nodes.joining.hosts import joining_host, machine_of
from apps.nodes.joining.lines import Message, read_message, write_lines
from apps.nodes.joining.reach import reachability
from apps.nodes.joining.script import join_script, refusal_script
from apps.nodes.models import Join, JoinToken
from apps.nodes.services import joining
from apps.registry.services.own_images import agent_image_reference
from dce_portal import authority
from dce_portal.bodies import read_body
from dce_portal.errors import Conflict, InvalidInput, PortalError
from dce_portal.origin import client_address

MOST_BYTES = 16 * 1024
PLAIN = "text/plain; charset=utf-8"
View = Callable[..., HttpResponse]
Answer = Callable[[HttpRequest, JoinToken, Message], dict[str, Any] | str]


def join_view(method: str) -> Callable[[View], View]:
    """One address of the protocol: its method, no CSRF, errors in its own form, nothing logged."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @transaction.non_atomic_requests
        @wraps(view)
        def answer(request: HttpRequest, token: str) -> HttpResponse:
            try:
                response = _refused_method(method) if request.method != method else None
                response = response or view(request, token)
            except PortalError as error:
                response = _failed(error, as_script=method == "GET")
            response["Cache-Control"] = "no-store"
            # Django would write the path of a refusal, and with it the token, to the log.
            response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
            return response

        return answer

    return wrap


def _refused_method(method: str) -> HttpResponse:
    return HttpResponse(status=405, headers={"Allow": method}, content_type=PLAIN)


def _failed(error: PortalError, *, as_script: bool) -> HttpResponse:
    text = refusal_script(error.message) if as_script else write_lines({"error": error.message})
    headers = {"Retry-After": "60"} if error.status == 429 else {}
    return HttpResponse(text, status=error.status, headers=headers, content_type=PLAIN)


def lines_view(answer: Answer) -> View:
    """A POST of lines that is answered by lines, or by a PEM."""

    @join_view("POST")
    @wraps(answer)
    def view(request: HttpRequest, token: str) -> HttpResponse:
        known = joining.known_token(token, address=client_address(request))
        message = read_message(read_body(request, limit_bytes=MOST_BYTES))
        content = answer(request, known, message)
        text = content if isinstance(content, str) else write_lines(content)
        return HttpResponse(text, content_type=PLAIN)

    return view


@join_view("GET")
def script(request: HttpRequest, token: str) -> HttpResponse:
    """The script; for a token that is dead it says so at once, but still lets its hosts leave."""
    known = joining.known_token(token, address=client_address(request))
    values = {
        "URL": request.build_absolute_uri(reverse("join", args=[token])),
        "REGISTRY": request.get_host(),
        "PIN": authority.public_key_pin() if request.is_secure() else "",
        "REFUSAL": _refusal(known),
    }
    return HttpResponse(join_script(values), content_type=PLAIN)


def _refusal(token: JoinToken) -> str:
    try:
        joining.refuse_dead(token)
    except PortalError as error:
        return error.message
    return ""


@join_view("GET")
def registry_authority(request: HttpRequest, token: str) -> HttpResponse:
    """The CA by which an engine may trust the portal's registry."""
    joining.known_token(token, address=client_address(request))
    return HttpResponse(authority.https_trust_pem() or "", content_type=PLAIN)


@lines_view
def check(request: HttpRequest, token: JoinToken, message: Message) -> dict[str, Any]:
    """What only the portal can tell of a host, without taking a use of the token."""
    host = joining_host(message, client_address=client_address(request))
    joining.refuse_unusable(token, host.machine)
    image = _image(request)
    action = joining.planned_action(token, host)
    join = Join.objects.filter(token=token, machine_id=host.machine).first()
    findings = joining.findings_of(host, cluster=token.cluster)
    return {
        "now_unix_s": int(timezone.now().timestamp()),
        "address": host.address,
        "seen_at": host.seen_at,
        "role": token.role,
        "action": action,
        "image": image,
        "is_joined": _yes(join is not None and _is_in(join)),
        "page": _page(request, join),
        "duplicate_fatal": " ".join(found.sentence for found in findings if found.is_fatal),
        "duplicate": " ".join(found.sentence for found in findings if not found.is_fatal),
        **reachability(host),
    }


@lines_view
def claim(request: HttpRequest, token: JoinToken, message: Message) -> dict[str, Any]:
    """Take the host in."""
    host = joining_host(message, client_address=client_address(request))
    image = _image(request)
    join = joining.claim_join(token, host)
    return {"join": join.pk, "name": joining.server_name_of(join), "image": image}


@lines_view
def certificate(request: HttpRequest, token: JoinToken, message: Message) -> str:
    """Sign the host's request."""
    join = joining.join_of(token, machine_of(message))
    if not message.pem:
        raise InvalidInput(_("This host sent no certificate request. Nothing was signed."))
    return joining.certify(join, message.pem + "\n", address=client_address(request))


@lines_view
def swarm(request: HttpRequest, token: JoinToken, message: Message) -> dict[str, Any]:
    """What to do about the Swarm."""
    host = joining_host(message, client_address=client_address(request))
    order = joining.swarm_order(joining.join_of(token, host.machine), host)
    return {
        "action": order.action,
        "availability": order.availability,
        "swarm_token": order.swarm_token,
        "managers": " ".join(order.managers),
    }


@lines_view
def step(request: HttpRequest, token: JoinToken, message: Message) -> dict[str, Any]:
    """How far the host is."""
    join = joining.join_of(token, machine_of(message))
    name, state = message.text("step"), message.text("state")
    joining.note_step(join, name, state, detail=message.text("detail"))
    return {"noted": "yes"}


@lines_view
def result(request: HttpRequest, token: JoinToken, message: Message) -> dict[str, Any]:
    """Whether the portal has heard the agent."""
    join = joining.join_of(token, machine_of(message))
    found = joining.result_of(join, address=client_address(request))
    return {
        "is_done": _yes(found.is_done),
        "awaited": found.awaited,
        "page": _page(request, join),
    }


@lines_view
def leave(request: HttpRequest, token: JoinToken, message: Message) -> dict[str, Any]:
    """Prepare a host's leave (`stage=begin`), or forget the host that has left (`stage=end`)."""
    join = joining.leaving_join(token, machine_of(message))
    if message.text("stage") == "end":
        note = joining.end_leave(join, address=client_address(request))
        return {"left": "yes", "note": note}
    plan = joining.plan_leave(join)
    return {"is_last_manager": _yes(plan.is_last_manager), "is_demoted": _yes(plan.is_demoted)}


def _image(request: HttpRequest) -> str:
    image = agent_image_reference(request.get_host())
    if image is None:
        raise Conflict(
            _(
                "The portal's registry has no agent image. Run `make agent-image` on the portal's machine,"
                " then this line again."
            )
        )
    return image


def _is_in(join: Join) -> bool:
    return join.state == Join.State.SUCCEEDED and joining.is_answering(join)


def _page(request: HttpRequest, join: Join | None) -> str:
    if join is None or join.node_id is None:
        return ""
    page = reverse("admin:nodes_node_change", args=[join.node_id])
    public_url: str | None = settings.CONFIGURATION.public_url
    return f"{public_url}{page}" if public_url else request.build_absolute_uri(page)


def _yes(value: object) -> str:
    return "yes" if value else "no"
