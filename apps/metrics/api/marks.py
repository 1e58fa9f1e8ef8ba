"""What happened to a measured thing, in the API: the marks over its charts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.metrics import selectors
from apps.metrics.marks import EVENTS_OF, Between, marks_of
from dce_portal.api.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.request import Request

    from apps.accounts.models import User

DEFAULT_RANGE = timedelta(minutes=15)
LONGEST_RANGE = timedelta(days=400)


class MarksQuery(serializers.Serializer[dict[str, Any]]):
    """To whom it happened, and between which moments."""

    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in EVENTS_OF])
    ref = serializers.RegexField(r"^[0-9]{1,18}$", help_text="The object's number in this API.")
    to = serializers.DateTimeField(required=False, help_text="Now, if left out.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python keeps for itself."""
        start = serializers.DateTimeField(
            required=False, help_text="A quarter of an hour before `to`, if left out."
        )
        return {**super().get_fields(), "from": start}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn the moments into a range; a misspelt name is refused."""
        if strange := sorted(set(self.initial_data) - set(self.fields)):
            raise serializers.ValidationError({strange[0]: _("There is no such field.")})
        end = attrs.get("to") or timezone.now()
        start = attrs.get("from") or end - DEFAULT_RANGE
        if start >= end:
            raise serializers.ValidationError({"from": _("It must be before the end, `to`.")})
        if end - start > LONGEST_RANGE:
            raise serializers.ValidationError({"from": _("It may be 400 days before `to`.")})
        return {**attrs, "between": Between(start, end)}


class MarkAnswer(serializers.Serializer[dict[str, Any]]):
    """One thing that happened."""

    at = serializers.IntegerField(help_text="Seconds since 1970-01-01 UTC.")
    kind = serializers.CharField()
    tone = serializers.ChoiceField(choices=["good", "late", "bad", "busy", "off"])
    subject = serializers.CharField()
    text = serializers.CharField(help_text="What happened, in words that follow the subject.")
    link = serializers.CharField(help_text="The portal's page about it, or nothing.")
    silence = serializers.BooleanField(help_text="From here on figures may be missing.")


class MarksAnswer(serializers.Serializer[dict[str, Any]]):
    """What happened, oldest first."""

    kind = serializers.CharField()
    ref = serializers.IntegerField()
    is_cut = serializers.BooleanField(help_text="Older ones in this range were left out.")
    marks = MarkAnswer(many=True)


class MarksView(APIView):
    """Deploys, restarts, processes out of memory, nodes that come and go: what a chart marks."""

    permission_classes = (SignedIn,)

    @extend_schema(
        operation_id="samples_marks_list", parameters=[MarksQuery], responses=MarksAnswer
    )
    def get(self, request: Request) -> Response:
        """The newest 200, as far as this person may see such records."""
        query = MarksQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted: dict[str, Any] = query.validated_data
        user, kind, ref = cast("User", request.user), wanted["kind"], wanted["ref"]
        selectors.measured_object(user, kind=kind, ref=ref)
        marks, is_cut = marks_of(user, kind=kind, ref=int(ref), between=wanted["between"])
        about = {"kind": kind, "ref": int(ref), "is_cut": is_cut}
        return Response(about | {"marks": [asdict(mark) for mark in marks]})
