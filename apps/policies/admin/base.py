"""What the pages of rules and quotas share: owners see and set those of their own namespaces."""

from __future__ import annotations

from typing import Any, override

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.policies.selectors.visible import (
    editable_namespaces,
    has_right,
    may_edit,
    may_set_any,
    rows_visible_to,
)
from apps.policies.services.policies import delete_policy, save_policy
from apps.registry.selectors import manages_any
from dce_portal.admin_site import ModelAdmin
from dce_portal.origin import Origin


class PolicyAdmin(ModelAdmin):
    """The service that saves writes the audit."""

    audits_itself = True
    list_filter: tuple[str, ...] = ("is_enabled",)
    save_on_top = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What this person may see."""
        return rows_visible_to(request.user, self.model)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Owners of a namespace, and those with the right."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are narrowed by the query."""
        if has_right(request.user, "view", self.model):
            return True
        return request.user.is_active and self._owns_any(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where there is a namespace to set it for."""
        return may_set_any(request.user, self.model)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An owner in one's own namespaces."""
        if obj is None:
            return self.has_add_permission(request)
        return may_edit(request.user, self.model, obj.namespace)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changes."""
        return self.has_change_permission(request, obj)

    @override
    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only namespaces that are the person's; all of them only for those with the right."""
        if db_field.name == "namespace":
            kwargs["queryset"] = editable_namespaces(request.user, self.model)
            if not has_right(request.user, "change", self.model):
                kwargs["required"] = True
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @override
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let the service check the right, write and audit."""
        before = self.model._default_manager.get(pk=obj.pk) if change else self.model()
        values = {name: form.cleaned_data[name] for name in form.Meta.fields}
        saved = save_policy(before, values, origin=Origin.of_request(request))
        obj.pk = saved.pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Let the service audit."""
        delete_policy(obj, origin=Origin.of_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Each of them."""
        for row in queryset:
            self.delete_model(request, row)

    def _owns_any(self, request: HttpRequest) -> bool:
        return manages_any(request.user)
