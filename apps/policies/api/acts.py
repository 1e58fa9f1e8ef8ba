"""What acts on the registry: retention runs, deletions, garbage collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.policies.api.filters import CollectionFilters, NamespaceFilter
from apps.policies.api.serializers import (
    CollectionSerializer,
    CollectionWish,
    DeletionQuery,
    DeletionSerializer,
    DeletionWish,
    NamespaceQuery,
    RetentionPreviewSerializer,
    RetentionRunSerializer,
    RetentionWish,
)
from apps.policies.models import Collection, RetentionRule, RetentionRun
from apps.policies.selectors.deletion import as_json, deletion_of
from apps.policies.selectors.retention import preview_of
from apps.policies.selectors.visible import (
    collections_visible_to,
    editable_namespaces,
    may_collect,
    may_delete_in,
    rows_visible_to,
)
from apps.policies.services.collecting import request_collection
from apps.policies.services.deleting import request_deletion
from apps.policies.services.retention import request_run
from apps.registry.models import Manifest, Namespace, Tag
from apps.registry.selectors import repositories_visible_to
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.permissions import SignedIn
from dce_portal.api.queries import no_strange_fields
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import InvalidInput, NotFound, PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.serializers import Serializer

    from apps.accounts.models import User

MOST_PREVIEWED = 500


class RetentionRunViewSet(ReadOnlyViewSet):
    """Retention runs of the namespaces that the person owns; all for administrators."""

    model = RetentionRun
    permission_classes = (SignedIn,)
    serializer_class = RetentionRunSerializer
    filterset_class = NamespaceFilter
    ordering = ("-pk",)

    def select(self) -> QuerySet[RetentionRun]:
        """All that the person may see."""
        return rows_visible_to(self.person, RetentionRun)

    @extend_schema(request=RetentionWish, responses=STARTED, parameters=[LOCATION])
    def create(self, request: Request) -> Response:
        """Run a namespace's retention rules now."""
        wish = RetentionWish(data=request.data)
        fields: Any = wish.fields
        fields["namespace"].queryset = editable_namespaces(self.person, RetentionRule)
        wish.is_valid(raise_exception=True)
        namespace = wish.validated_data["namespace"]
        operation = request_run(namespace, origin=Origin.of_request(request))
        return started(operation, request=request)


class RetentionPreviewView(APIView):
    """What retention would do now."""

    permission_classes = (SignedIn,)

    @extend_schema(
        operation_id="retention_preview_retrieve",
        parameters=[NamespaceQuery],
        responses=RetentionPreviewSerializer,
    )
    def get(self, request: Request) -> Response:
        """Counts, and the tags that would go and stay with the reason; nothing is changed."""
        query = _checked(NamespaceQuery(data=request.query_params))
        name = query["namespace"].replace("\0", "")
        person = cast("User", request.user)
        rows = editable_namespaces(person, RetentionRule)
        namespace: Namespace | None = rows.filter(name=name).first()
        if namespace is None:
            raise NotFound(_("There is no such namespace of yours."))
        found = preview_of(namespace, now=timezone.now(), most=MOST_PREVIEWED)
        return Response(RetentionPreviewSerializer(found).data)


class DeletionView(APIView):
    """One manifest with all its tags, or one tag alone."""

    permission_classes = (SignedIn,)

    @extend_schema(
        operation_id="deletions_retrieve",
        parameters=[DeletionQuery],
        responses=DeletionSerializer,
    )
    def get(self, request: Request) -> Response:
        """List what would go along, and what stands against it."""
        query = _checked(DeletionQuery(data=request.query_params))
        person = cast("User", request.user)
        manifest, tag = _subject(person, query)
        return Response(as_json(deletion_of(person, manifest, tag=tag)))

    @extend_schema(
        operation_id="deletions_create",
        request=DeletionWish,
        responses=STARTED,
        parameters=[LOCATION],
    )
    def post(self, request: Request) -> Response:
        """Delete it, as a maintainer of the repository."""
        wish = DeletionWish(data=request.data)
        wish.is_valid(raise_exception=True)
        person = cast("User", request.user)
        manifest, tag = _subject(person, wish.validated_data)
        origin = Origin.of_request(request)
        operation = request_deletion(manifest, origin=origin, user=person, tag=tag)
        return started(operation, request=request)


class CollectionViewSet(ReadOnlyViewSet):
    """Garbage collections, for those who may collect."""

    model = Collection
    permission_classes = (SignedIn,)
    serializer_class = CollectionSerializer
    filterset_class = CollectionFilters
    ordering = ("-pk",)

    def select(self) -> QuerySet[Collection]:
        """All, for those who may see any."""
        return collections_visible_to(self.person)

    @extend_schema(request=CollectionWish, responses=STARTED, parameters=[LOCATION])
    def create(self, request: Request) -> Response:
        """Estimate what a collection would win, or collect."""
        if not may_collect(self.person):
            raise PermissionDenied(_("You may not collect garbage; ask an administrator for it."))
        wish = CollectionWish(data=request.data)
        wish.is_valid(raise_exception=True)
        operation = request_collection(**wish.validated_data, origin=Origin.of_request(request))
        return started(operation, request=request)


def _checked(query: Serializer[Any]) -> dict[str, Any]:
    query.is_valid(raise_exception=True)
    no_strange_fields(query, dict(query.validated_data))
    return dict(query.validated_data)


def _subject(person: User, wish: dict[str, Any]) -> tuple[Manifest, Tag | None]:
    """What is named, as far as the person may delete there; whoever may not pull learns nothing."""
    wish = {name: str(value).replace("\0", "") for name, value in wish.items()}
    repository = repositories_visible_to(person).filter(name=wish["repository"]).first()
    if repository is None:
        raise NotFound(_("There is no such repository."))
    if not may_delete_in(person, repository):
        raise PermissionDenied(_("Deleting needs the role maintainer in this repository."))
    if ("tag" in wish) == ("digest" in wish):
        raise InvalidInput(_("Name a tag or a digest, not both and not neither."), field="tag")
    if "tag" in wish:
        tag = Tag.objects.select_related("manifest__repository").filter(
            repository=repository, name=wish["tag"]
        )
        found = tag.first()
        if found is None:
            raise NotFound(_("There is no such tag."))
        return found.manifest, found
    manifest = Manifest.objects.select_related("repository").filter(
        repository=repository, digest=wish["digest"]
    )
    row = manifest.first()
    if row is None:
        raise NotFound(_("There is no such manifest."))
    return row, None
