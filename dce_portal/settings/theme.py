"""What the theme shows around every page: title, sidebar, languages."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from dce_portal.settings.sidebar import sidebar

# A calm blue: state colours (green, amber, red) stay the loudest on a page.
PRIMARY = {
    "50": "#f0f7fe",
    "100": "#dcecfc",
    "200": "#bfdefa",
    "300": "#93c9f6",
    "400": "#60abf0",
    "500": "#3b8ce9",
    "600": "#266fdd",
    "700": "#1e5acb",
    "800": "#1f4aa5",
    "900": "#1e4182",
    "950": "#172950",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("DCE Portal"),
    "SITE_HEADER": _("DCE Portal"),
    "SITE_SYMBOL": "deployed_code",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("img/favicon.svg"),
        },
    ],
    "COLORS": {"primary": PRIMARY},
    "SITE_URL": reverse_lazy("admin:index"),
    "ACCOUNT": {
        "navigation": [{"title": _("My security"), "link": reverse_lazy("security:home")}],
    },
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [
        lambda request: static("css/portal.css"),
        lambda request: static("css/charts.css"),
    ],
    "SCRIPTS": [lambda request: static("js/portal.js")],
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": sidebar},
}
