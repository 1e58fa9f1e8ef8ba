"""What an administrator does for somebody on their page: reset a lost second factor, sign them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.accounts.security import browsers, factors, marks
from apps.accounts.security.passwords import password_changed
from dce_portal.origin import Origin

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Model]
else:
    Base = object


# allauth's tables are filled by signing in alone: a right to edit them would open nothing.
NOT_FOR_PEOPLE = ("account", "socialaccount")


class UsefulRights(Base):
    """Leaves rights out of the choice that open no page."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The choice without them."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name in {"user_permissions", "permissions"}:
            choices = cast("Any", field).queryset
            cast("Any", field).queryset = choices.exclude(
                content_type__app_label__in=NOT_FOR_PEOPLE
            )
        return field


class PersonSecurityPages(UsefulRights):
    """What the people's admin class adds to a person's page."""

    change_form_outer_before_template = "admin/accounts/user/security.html"

    def get_urls(self) -> list[URLPattern]:
        """These acts before the theme's own pages."""
        view = self.admin_site.admin_view
        own = [
            path(
                "<int:pk>/second-factor/reset/",
                view(require_POST(self.reset_second_factor)),
                name="accounts_user_reset_second_factor",
            ),
            path(
                "<int:pk>/browsers/end/",
                view(require_POST(self.end_all_browsers)),
                name="accounts_user_end_browsers",
            ),
            path(
                "<int:pk>/browsers/<int:browser>/end/",
                view(require_POST(self.end_one_browser)),
                name="accounts_user_end_browser",
            ),
        ]
        return own + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form, with what stands between others and this person's rights."""
        person = cast("User | None", self.get_object(request, object_id))
        if person is not None and self.has_change_permission(request, person):
            key = request.session.session_key
            own = {
                "factors": factors.factors_of(person),
                "browsers": browsers.browsers_of(person, current_key=key),
            }
            extra_context = {**(extra_context or {}), **own}
        return super().change_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Set somebody's password; whoever had the old one is out."""
        person = self._person(request, id)
        if not marks.is_fresh(request.session):
            return _confirm(person)
        before = person.password
        answer = super().user_change_password(request, id, form_url)  # type: ignore[misc]  # the users' admin has it
        person.refresh_from_db(fields=["password"])
        if before != person.password:
            own_key = request.session.session_key if person.pk == request.user.pk else None
            password_changed(person, but_key=own_key, origin=Origin.of_request(request))
        return answer

    def reset_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take every factor away; the person sets up new ones after signing in with the password."""
        person = self._person(request, pk)
        if not marks.is_fresh(request.session):
            return _confirm(person)
        factors.reset(person, origin=Origin.of_request(request))
        browsers.end_browsers(
            person, but_key=request.session.session_key, origin=Origin.of_request(request)
        )
        text = _("%(name)s has no second factor any more, and is signed out.")
        messages.success(request, text % {"name": person})
        return _page_of(pk)

    def end_all_browsers(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sign somebody out everywhere (but here, where it is oneself)."""
        person, key = self._person(request, pk), request.session.session_key
        ended = browsers.end_browsers(person, but_key=key, origin=Origin.of_request(request))
        messages.success(request, _("Browsers signed out: %(n)d.") % {"n": ended})
        return _page_of(pk)

    def end_one_browser(self, request: HttpRequest, pk: int, browser: int) -> HttpResponse:
        """Sign one browser out."""
        person = self._person(request, pk)
        if browsers.end_browser(person, browser, origin=Origin.of_request(request)):
            messages.success(request, _("That browser is signed out."))
        return _page_of(pk)

    def _person(self, request: HttpRequest, pk: int | str) -> User:
        """Somebody whom this person may edit; a superuser is a superuser's matter."""
        person = cast("User | None", self.get_object(request, str(pk)))
        if person is None:
            raise Http404
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        return person


def _confirm(person: User) -> HttpResponse:
    """What gives somebody's rights away is asked of a person, not of a browser that was left open."""
    page = reverse("admin:accounts_user_change", args=[person.pk])
    return HttpResponseRedirect(f"{reverse('security:confirm')}?next={page}")


def _page_of(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))
