"""The portal's own images in its registry: the agent's, which nodes pull when they join."""

from __future__ import annotations

from apps.registry.models import Tag

AGENT_REPOSITORY = "dce/agent"


def agent_image_reference(host: str) -> str | None:
    """The newest agent image as a node names it at this registry; None while there is none."""
    present = Tag.objects.filter(repository__name=AGENT_REPOSITORY, missing_since=None)
    name = present.order_by("-pushed_at").values_list("name", flat=True).first()
    return f"{host}/{AGENT_REPOSITORY}:{name}" if name else None
