"""Usage in the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.metrics.api.serializers import SamplesAnswer, SamplesQuery
from apps.metrics.beside import beside
from apps.metrics.measures import UNITS
from apps.metrics.selectors import measured_object
from apps.metrics.series import series_of
from dce_portal.api.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.request import Request

    from apps.accounts.models import User


class SamplesView(APIView):
    """What one cluster, node, service, stack, container, volume or namespace used over time."""

    permission_classes = (SignedIn,)

    @extend_schema(operation_id="samples_list", parameters=[SamplesQuery], responses=SamplesAnswer)
    def get(self, request: Request) -> Response:
        """Answer in columns, in at most as many moments as were asked for."""
        query = SamplesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted: dict[str, Any] = query.validated_data
        user = cast("User", request.user)
        row = measured_object(user, kind=wanted["kind"], ref=wanted["ref"])
        series = series_of(row, wanted["span"], wanted["measures"])
        about = {
            "kind": wanted["kind"],
            "ref": int(wanted["ref"]),
            "told_by": row.source if row else None,
            "limits": {
                "cpu_cores": row.cpu_limit_cores if row else None,
                "memory_bytes": row.memory_limit_bytes if row else None,
            },
            "units": {name: UNITS[name] for name in wanted["measures"]},
        }
        answer = about | beside(wanted["kind"], int(wanted["ref"])) | asdict(series)
        del answer["rows_read"]
        return Response(answer)
