"""Scan reports and policies."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.registry.selectors import repositories_visible_to
from apps.registry.services import digest_behind
from apps.scanning.api.serializers import (
    ScanPolicyChange,
    ScanPolicySerializer,
    ScanPolicyWish,
    ScanReportSerializer,
    ScanWish,
    WholeReportSerializer,
)
from apps.scanning.models import Sbom, ScanPolicy, ScanReport
from apps.scanning.selectors import reports_visible_to
from apps.scanning.services.policies import delete_policy, save_policy
from apps.scanning.services.requesting import start_scan
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.permissions import SignedIn
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import Conflict, NotFound, PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

KIND = OpenApiParameter(
    "kind", str, OpenApiParameter.PATH, enum=Sbom.Kind.values, description="The form."
)


class ScanReportFilters(filters.FilterSet):
    """Of reports."""

    repository = filters.CharFilter(field_name="place", max_length=255)
    digest = filters.CharFilter(max_length=160)
    state = filters.ChoiceFilter(choices=ScanReport.State.choices)


class ScanReportViewSet(ReadOnlyViewSet):
    """What was found in images that the person may pull."""

    model = ScanReport
    permission_classes = (SignedIn,)
    serializer_class = ScanReportSerializer
    filterset_class = ScanReportFilters
    ordering = ("-pk",)

    def select(self) -> QuerySet[ScanReport]:
        """All that the person may see."""
        return reports_visible_to(self.person)

    @extend_schema(responses=WholeReportSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One report with its findings."""
        context = self.get_serializer_context()
        return Response(WholeReportSerializer(self.get_object(), context=context).data)

    @extend_schema(request=ScanWish, responses=STARTED, parameters=[LOCATION])
    def create(self, request: Request) -> Response:
        """Scan an image now, with the right to start scans."""
        if not self.person.has_perm("scanning.start_scan"):
            raise PermissionDenied(_("You may not have images scanned; ask an administrator."))
        wish = ScanWish(data=request.data)
        wish.is_valid(raise_exception=True)
        repository = wish.validated_data["repository"]
        is_visible = repositories_visible_to(self.person).filter(name=repository).exists()
        digest = digest_behind(repository, wish.validated_data["reference"])
        if not is_visible or digest is None:
            raise NotFound(_("There is no such image."))
        operation = start_scan(repository, digest, origin=Origin.of_request(request))
        return started(operation, request=request)

    @extend_schema(
        parameters=[KIND],
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="sbom/(?P<kind>[a-z0-9]+)",
        filter_backends=[],
        pagination_class=None,
    )
    def sbom(self, request: Request, pk: str, kind: str) -> HttpResponse:
        """What the image is made of, as CycloneDX or SPDX has it."""
        sbom = get_object_or_404(Sbom, report=self.get_object(), kind=kind)
        return HttpResponse(gzip.decompress(sbom.packed), content_type="application/json")


class ScanPolicyViewSet(ReadOnlyViewSet):
    """Which namespaces are scanned, and what of them may not be pulled."""

    model = ScanPolicy
    serializer_class = ScanPolicySerializer
    ordering = ("namespace__name", "pk")

    def select(self) -> QuerySet[ScanPolicy]:
        """All of them, for those who may see any."""
        return ScanPolicy.objects.select_related("namespace")

    @extend_schema(request=ScanPolicyWish, responses={201: ScanPolicySerializer})
    def create(self, request: Request) -> Response:
        """Make a namespace's policy."""
        wish = ScanPolicyWish(data=request.data)
        wish.is_valid(raise_exception=True)
        if ScanPolicy.objects.filter(namespace=wish.validated_data["namespace"]).exists():
            message = _("This namespace has a policy already. Nothing was changed.")
            raise Conflict(message, field="namespace")
        origin = Origin.of_request(request)
        made = save_policy(ScanPolicy(), wish.validated_data, origin=origin)
        body = self.get_serializer(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": body["url"]})

    @extend_schema(request=ScanPolicyChange(partial=True), responses={200: ScanPolicySerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it."""
        wish = ScanPolicyChange(data=request.data, partial=True)
        wish.is_valid(raise_exception=True)
        given = {k: v for k, v in wish.validated_data.items() if k in set(request.data)}
        origin = Origin.of_request(request)
        return Response(
            self.get_serializer(save_policy(self.get_object(), given, origin=origin)).data
        )

    @extend_schema(responses={204: OpenApiResponse(description="Removed.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove it; what was found stays."""
        delete_policy(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
