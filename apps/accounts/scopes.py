"""What a personal token can be narrowed to, in words; pure."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

API_READ = "api.read"
API_WRITE = "api.write"
METRICS_READ = "metrics.read"
REGISTRY_PULL = "registry.pull"
REGISTRY_PUSH = "registry.push"
REGISTRY_DELETE = "registry.delete"

SCOPES: dict[str, Promise] = {
    API_READ: _("Read everything that I may see, through the API"),
    API_WRITE: _("Change what I may change, through the API"),
    METRICS_READ: _("Read figures of what I may see, for Prometheus"),
    REGISTRY_PULL: _("Pull images from the registry"),
    REGISTRY_PUSH: _("Push images to the registry"),
    REGISTRY_DELETE: _("Delete images from the registry"),
}
