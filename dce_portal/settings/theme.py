"""What the theme shows around every page: title, sidebar, languages."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from dce_portal.settings.sidebar import navigation

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("DCE Portal"),
    "SITE_HEADER": _("DCE Portal"),
    "SITE_SYMBOL": "deployed_code",
    "SITE_URL": reverse_lazy("admin:index"),
    "LOGIN": {"form": "apps.accounts.sign_in.SignInForm"},
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("css/portal.css")],
    "SCRIPTS": [lambda request: static("js/portal.js")],
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": navigation()},
}
