"""Robots in the admin: made, rotated and revoked by owners of their namespace."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin.token_form import LifeForm
from apps.accounts.secret_pages import SecretPages, lines_of
from apps.registry import selectors
from apps.registry.models import Robot
from apps.registry.rights import namespace_of
from apps.registry.services.robots import RobotWish, make_robot, revoke_robot, rotate_robot
from dce_portal.admin_site import Empty, ModelAdmin, TextareaWidget, display
from dce_portal.origin import Origin

MOST_ENDING = 5


class RobotForm(LifeForm):
    """Whose robot, what it may do, and for how long."""

    only_in = forms.CharField(
        label=_("Only these repositories"),
        required=False,
        max_length=4000,
        widget=TextareaWidget(attrs={"rows": 2, "placeholder": "team/app team/tools"}),
        help_text=_("Full names, with spaces between; empty means the whole namespace."),
    )

    class Meta:
        """The rest is the service's."""

        model = Robot
        fields = ("namespace", "name", "description", "role")

    def clean(self) -> dict[str, Any]:
        """Repositories lie in the namespace."""
        data: dict[str, Any] = super().clean() or {}
        namespace = data.get("namespace")
        data["only_in"] = lines_of(data.get("only_in") or "")
        for name in data["only_in"]:
            if namespace is not None and namespace_of(name) != namespace.name:
                message = _("%(repository)s does not lie in %(namespace)s.")
                words = {"repository": name[:100], "namespace": namespace.name}
                self.add_error("only_in", ValidationError(message, params=words))
        return data

    def wish(self) -> RobotWish:
        """What the service is asked for."""
        data = self.cleaned_data
        return RobotWish(
            name=data["name"],
            role=data["role"],
            description=data["description"],
            repositories=data["only_in"],
            networks=data["allowed_from"],
            expires_at=self.end(),
        )


@admin.register(Robot)
class RobotAdmin(SecretPages, ModelAdmin):
    """The robots of the namespaces that the person owns."""

    empty = Empty(
        "smart_toy",
        _("No robots yet"),
        _(
            "A robot is a name and a secret for machines that pull and push in one namespace, such as a build server."
        ),
    )

    add_words = _("New robot")
    list_display = ("username", "namespace", "role", "limits", "state", "ends", "used")
    list_select_related = ("namespace",)
    list_filter = ("role", ("namespace", admin.RelatedOnlyFieldListFilter))
    search_fields = ("username", "key", "description")
    fields = (
        "username",
        "namespace",
        "description",
        "role",
        "limits",
        "allowed_addresses",
        "key",
        "made_by",
        "created_at",
        "rotated_at",
        "overlap",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "last_used_address",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Robot]:
        """Those of namespaces that the person owns."""
        return selectors.robots_visible_to(request.user)

    def ending(self, request: HttpRequest) -> list[Robot]:
        """Those that end soon."""
        return list(selectors.expiring_robots_of(request.user)[:MOST_ENDING])

    def has_module_permission(self, request: HttpRequest) -> bool:
        """For owners of any namespace."""
        return selectors.manages_any(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everyone; rows are narrowed by the query."""
        return request.user.is_active

    def has_add_permission(self, request: HttpRequest) -> bool:
        """For owners of any namespace; the form offers theirs alone."""
        return self.has_module_permission(request)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Ask for a wish when adding."""
        if obj is None:
            kwargs["form"] = RobotForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The wish when adding, facts afterwards."""
        if obj:
            return super().get_fields(request, obj)
        return (
            "namespace",
            "name",
            "role",
            "only_in",
            "description",
            "last_day",
            "allowed_from",
        )

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer what the person manages."""
        kwargs["queryset"] = selectors.namespaces_managed_by(request.user)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        return cast("ModelChoiceField[Any] | None", field)

    def issue(self, request: HttpRequest, form: RobotForm) -> tuple[Robot, str]:
        """Let the service make it."""
        namespace = form.cleaned_data["namespace"]
        issued = make_robot(namespace, form.wish(), origin=Origin.of_request(request))
        return issued.robot, issued.secret

    def rotate(self, request: HttpRequest, row: Robot, overlap_hours: int) -> tuple[Robot, str]:
        """Let the service do it."""
        origin = Origin.of_request(request)
        issued = rotate_robot(row, overlap_hours=overlap_hours, origin=origin)
        return issued.robot, issued.secret

    def revoke(self, request: HttpRequest, row: Robot) -> None:
        """Let the service do it."""
        revoke_robot(row, origin=Origin.of_request(request))

    def may_rotate(self, request: HttpRequest, row: Robot) -> bool:
        """Whoever sees a robot owns its namespace."""
        return True

    def login_name(self, row: Robot) -> str:
        """Its own."""
        return row.username

    @display(description=_("only on"))
    def limits(self, robot: Robot) -> str:
        """Repositories, or the whole namespace."""
        return ", ".join(robot.repositories) or str(_("the whole namespace"))
