"""The list of agents' certificates, the revoking of an agent's, and the page on which the CA is replaced."""

from __future__ import annotations

import re
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.nodes.models import AgentCertificate
from apps.nodes.selectors import authority_page, certificate_page
from apps.nodes.services import preview_rotation, request_rotation, revoke_certificates_of
from dce_portal.admin_site import Empty, ReadOnlyAdmin, display
from dce_portal.errors import PortalError
from dce_portal.mirror_admin import Tones
from dce_portal.origin import Origin
from dce_portal.templatetags.portal import ago

REASON = _("revoked by hand")
HEX_NUMBER = re.compile(r"(?:0x)?[0-9a-f]+(?::[0-9a-f]{2})*", re.IGNORECASE)


@admin.register(AgentCertificate)
class AgentCertificateAdmin(ReadOnlyAdmin):
    """What the CA issued; above the list the CA itself."""

    empty = Empty(
        "verified_user",
        _("No agent has a certificate yet"),
        _("Each node gets one as it joins. It is renewed by itself, and can be revoked here."),
    )

    list_display = ("name", "agent", "state", "issued", "expires", "serial")
    list_select_related = ("endpoint",)
    search_fields = ("name", "serial_hex", "fingerprint_sha256")
    list_before_template = "nodes/authority.html"
    change_form_outer_before_template = "nodes/revoke_certificate.html"
    fields = (
        "name",
        "endpoint",
        "serial_hex",
        "fingerprint_sha256",
        "authority_fingerprint",
        "issued_at",
        "expires_at",
        "revoked_at",
        "revoked_reason",
    )

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """With what there is to say of the CA."""
        page = {}
        if self.has_view_permission(request):
            page = authority_page(cast("Any", request.user))
        return super().changelist_view(request, extra_context=page)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Serial numbers as openssl and browsers write them, too: a zero in front, colons in between."""
        return super().get_search_results(request, queryset, _bare(search_term))

    def page_of(self, request: HttpRequest, row: AgentCertificate) -> dict[str, Any]:
        """Whether the person may revoke it."""
        return certificate_page(cast("Any", request.user), row)

    def get_urls(self) -> list[URLPattern]:
        """The button of a certificate's page, and the page of the CA."""
        view = self.admin_site.admin_view
        revoke = view(require_POST(self.revoke_view))
        own = [
            path("<int:pk>/revoke/", revoke, name="nodes_agentcertificate_revoke"),
            path("rotate/", view(self.rotate_view), name="nodes_authority_rotate"),
        ]
        return own + list(super().get_urls())

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Refuse the agent that bears it, with every other certificate that it may still have."""
        if not cast("Any", request.user).has_perm("nodes.remove_node"):
            raise PermissionDenied
        row = get_object_or_404(AgentCertificate, pk=pk)
        origin = Origin.of_request(request)
        count = revoke_certificates_of(row.name, reason=str(REASON), origin=origin)
        said = ngettext("%(n)d certificate was revoked.", "%(n)d certificates were revoked.", count)
        self.message_user(request, said % {"n": count}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:nodes_agentcertificate_change", args=[pk]))

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        """Say what a new CA means, then start the operation."""
        if not cast("Any", request.user).has_perm("nodes.manage_cluster"):
            raise PermissionDenied
        if request.method == "POST":
            return self._rotate(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Replace the portal's CA"),
            "sentences": preview_rotation(),
        }
        return TemplateResponse(request, "nodes/rotate_authority.html", context)

    def _rotate(self, request: HttpRequest) -> HttpResponse:
        try:
            operation = request_rotation(origin=Origin.of_request(request))
        except PortalError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:nodes_agentcertificate_changelist"))
        return HttpResponseRedirect(reverse("admin:portal_operation_change", args=[operation.pk]))

    @display(description=_("address"), ordering="endpoint")
    def agent(self, row: AgentCertificate) -> str:
        """Where the agent answers; nothing where it was taken away."""
        return str(row.endpoint or "–")

    @display(
        description=_("state"), label=Tones(valid="success", revoked="danger", expired="warning")
    )
    def state(self, row: AgentCertificate) -> tuple[str, str]:
        """Whether the portal takes it."""
        if row.revoked_at is not None:
            return "revoked", str(_("✕ revoked"))
        return ("valid", str(_("● valid"))) if row.is_valid else ("expired", str(_("▲ expired")))

    @display(description=_("issued"), ordering="issued_at")
    def issued(self, row: AgentCertificate) -> str | SafeString:
        """How long ago."""
        return ago(row.issued_at)

    @display(description=_("expires"), ordering="expires_at")
    def expires(self, row: AgentCertificate) -> str:
        """The day."""
        return f"{row.expires_at:%Y-%m-%d}"

    @display(description=_("serial number"))
    def serial(self, row: AgentCertificate) -> str:
        """Its end, which tells it apart."""
        return f"…{row.serial_hex[-8:]}"


def _bare(term: str) -> str:
    """A number's digits as they are kept; any other text as it is."""
    if not HEX_NUMBER.fullmatch(term.strip()):
        return term
    return term.strip().lower().replace(":", "").removeprefix("0x").lstrip("0") or term
