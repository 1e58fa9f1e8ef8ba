"""The web process: pages, API and token endpoint, as WSGI."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dce_portal.settings.base")

application = get_wsgi_application()
