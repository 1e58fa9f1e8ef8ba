"""Who may call an API view: nobody, unless the view names one of these classes.

A token narrows: whatever its owner may do, reading needs the scope `api.read` and changing
needs `api.write`, or either of them for the view's area, such as `api.read:registry`. A session
is not narrowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

READ_SCOPE = "api.read"
WRITE_SCOPE = "api.write"
# The areas' words are in apps.accounts.scopes.
AREAS_BY_APP = {
    "nodes": "cluster",
    "workloads": "cluster",
    "metrics": "usage",
    "interop": "usage",
    "alerts": "alerts",
    "registry": "registry",
    "policies": "registry",
    "webhooks": "registry",
    "replication": "registry",
    "scanning": "registry",
    "accounts": "access",
    "forwarding": "access",
}
_VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class DenyUnlessAllowed(BasePermission):
    """The default of every API view: nobody, so that forgetting a permission opens nothing."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse."""
        return False


class SignedIn(BasePermission):
    """Anyone signed in, within the token's scopes: for views whose rows are already the person's own.

    A view may refuse single rows by a method `may_touch(request, row) -> bool`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for a person and the scope of the method."""
        return bool(request.user and request.user.is_authenticated) and scope_allows(request, view)

    def has_object_permission(self, request: Request, view: APIView, obj: object) -> bool:
        """Ask the view, where it has an opinion."""
        may_touch = getattr(view, "may_touch", None)
        return True if may_touch is None else bool(may_touch(request, obj))


class ModelRights(SignedIn):
    """As above, and Django's permission for the view's `model`.

    Reading needs `view_<model>`, changing `add_`, `change_` or `delete_<model>`; a view's
    `action_permissions = {"drain": "nodes.operate_node"}` names others for single actions.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Ask for a person, the scope and the right."""
        return super().has_permission(request, view) and request.user.has_perm(
            permission_name(request, view)
        )


def scope_allows(request: Request, view: APIView) -> bool:
    """True when the credential is not narrowed, or narrowed to what this method needs here or everywhere."""
    scopes = getattr(request.auth, "scopes", None)
    needed = READ_SCOPE if request.method in SAFE_METHODS else WRITE_SCOPE
    return scopes is None or needed in scopes or f"{needed}:{area_of(view)}" in scopes


def area_of(view: APIView) -> str:
    """The area that a view belongs to, by its app; empty for an app that has none, which needs the whole scope."""
    package, _dot, rest = type(view).__module__.partition(".")
    return AREAS_BY_APP.get(rest.partition(".")[0], "") if package == "apps" else "operations"


def permission_name(request: Request, view: APIView) -> str:
    """The permission that this call needs, as `app.verb_model`."""
    named: dict[str, str] = getattr(view, "action_permissions", {})
    action = getattr(view, "action", None) or ""
    if action in named:
        return named[action]
    meta = view.model._meta  # type: ignore[attr-defined]  # a view with ModelRights names its model
    verb = _VERBS.get(request.method or "", "view")
    return f"{meta.app_label}.{verb}_{meta.model_name}"
