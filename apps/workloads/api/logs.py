"""A part of a log as plain text; what is still written comes over the WebSocket, not here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer

from apps.nodes.ports.streams import MOST_TAIL, STDERR, STDOUT, LogQuery
from apps.workloads import reach
from apps.workloads.streams.texts import read_batch, text_of
from apps.workloads.streams.wishes import moment_of
from dce_portal.api.queries import no_strange_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

MOMENT_HELP = _("RFC 3339, such as 2026-01-31T12:00:00Z, or 15m, 2h or 1d for a while ago.")


class PlainText(BaseRenderer):
    """Lets a script ask for text/plain; an error is the same JSON as elsewhere."""

    media_type = "text/plain"
    format = "txt"

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Only errors come here: the text itself is no data to be rendered."""
        return orjson.dumps(data)


class LogsQuery(serializers.Serializer[Any]):
    """Which part of the log."""

    tail = serializers.IntegerField(
        min_value=0, max_value=MOST_TAIL, default=500, help_text=_("So many lines from the end.")
    )
    since = serializers.CharField(max_length=64, default="", help_text=MOMENT_HELP)
    until = serializers.CharField(max_length=64, default="", help_text=MOMENT_HELP)
    timestamps = serializers.BooleanField(
        default=False, help_text=_("Begin each line with its moment.")
    )
    stream = serializers.ChoiceField(
        choices=[STDOUT, STDERR], default="", help_text=_("Only this one of the two.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Moments in Docker's form."""
        no_strange_fields(self, attrs)
        now = timezone.now()
        for name in ("since", "until"):
            attrs[name] = moment_of(attrs[name], name, now=now)
        return attrs


class LogsAction:
    """What the views of containers, tasks and services have in common."""

    action_permissions: ClassVar[dict[str, str]] = {"logs": reach.VIEW_LOGS}

    @extend_schema(
        parameters=[LogsQuery],
        responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR)},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        pagination_class=None,
        filterset_class=None,
        renderer_classes=[JSONRenderer, PlainText],
    )
    def logs(self, request: Request, pk: str) -> HttpResponse:
        """Tell the last lines, the oldest first, 10,000 and 8 MiB at most; control characters are taken out."""
        query = LogsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        place = reach.log_place(cast("Any", self).get_object())
        asked = LogQuery(tail=wanted["tail"], since=wanted["since"], until=wanted["until"])
        batch = read_batch(place, asked)
        text = text_of(batch, with_times=wanted["timestamps"], stream=wanted["stream"])
        answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
        answer["Cache-Control"] = "no-store"
        answer["X-Lines-Left-Out"] = str(batch.left_out)
        return answer
