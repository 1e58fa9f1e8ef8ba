"""The tabs of a tag's page: the portal's own, and those that other apps registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from apps.registry.extensions import ShownTab, tabs_of

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise
    from django.utils.safestring import SafeString

OWN_TABS: tuple[tuple[str, _StrOrPromise, int], ...] = (
    ("platforms", _("Platforms"), 10),
    ("layers", _("Layers"), 20),
    ("configuration", _("Configuration"), 30),
    ("build", _("Build history"), 40),
    ("signatures", _("Signatures and SBOM"), 50),
    ("history", _("History"), 60),
    ("uses", _("Uses"), 70),
)


def tabs(request: HttpRequest, facts: Mapping[str, Any]) -> list[ShownTab]:
    """All of them in their order; an artifact that is no image has fewer."""
    own = [
        ShownTab(key, str(title), _body(request, key, facts), order)
        for key, title, order in OWN_TABS
        if is_shown(key, facts)
    ]
    return sorted([*own, *tabs_of(request, facts["tag"])], key=lambda tab: tab.order)


def is_shown(key: str, facts: Mapping[str, Any]) -> bool:
    """Platforms are of an index alone, a build's steps of what has some."""
    if key == "platforms":
        return bool(facts["is_index"])
    if key == "build":
        return any(part.history for part in facts["images"])
    return True


def _body(request: HttpRequest, key: str, facts: Mapping[str, Any]) -> SafeString:
    return render_to_string(f"registry/tag_{key}.html", dict(facts), request=request)
