"""The stream process: WebSockets and server-sent events, as ASGI."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dce_portal.settings.base")

http_application = get_asgi_application()

from dce_portal.direct_send import DirectSend  # noqa: E402 - the app registry must be loaded first
from dce_portal.routing import websocket_routes  # noqa: E402 - as above
from dce_portal.websocket_origin import SameOrigin  # noqa: E402 - as above

application = ProtocolTypeRouter(
    {
        "http": http_application,
        "websocket": DirectSend(SameOrigin(AuthMiddlewareStack(URLRouter(websocket_routes())))),
    }
)
