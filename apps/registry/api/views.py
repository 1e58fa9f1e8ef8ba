"""Namespaces, repositories, tags and grants in the API, as far as the person may pull or manage them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from apps.registry import selectors, services
from apps.registry.api.browse import NamespaceFacts, RepositoryFacts, TagFacts
from apps.registry.api.filters import (
    GrantFilters,
    NamespaceFilters,
    RepositoryFilters,
    TagFilters,
)
from apps.registry.api.serializers import (
    GrantSerializer,
    GrantWishSerializer,
    NamespaceChangeSerializer,
    NamespaceSerializer,
    NamespaceWishSerializer,
    RepositorySerializer,
    TagSerializer,
)
from apps.registry.models import Grant, Namespace, Repository, Tag
from dce_portal.api.permissions import SignedIn
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class NamespaceViewSet(NamespaceFacts, ReadOnlyViewSet):
    """Namespaces: public ones, and those in which the person has a role."""

    model = Namespace
    permission_classes = (SignedIn,)
    serializer_class = NamespaceSerializer
    filterset_class = NamespaceFilters
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Namespace]:
        """All that the person may see."""
        visible = selectors.namespaces_visible_to(self.person)
        counted = selectors.with_repository_counts(visible, self.person)
        return selectors.with_whole(counted, self.person)

    @extend_schema(request=NamespaceWishSerializer, responses={201: NamespaceSerializer})
    def create(self, request: Request) -> Response:
        """Make a namespace, with the right to add namespaces; who makes it owns it."""
        if not self.person.has_perm("registry.add_namespace"):
            raise PermissionDenied(_("You may not create namespaces; ask an administrator for it."))
        wish = NamespaceWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        origin = Origin.of_request(request)
        made = services.create_namespace(**wish.validated_data, owner=self.person, origin=origin)
        return self._shown(made.pk, status=status.HTTP_201_CREATED)

    @extend_schema(request=NamespaceChangeSerializer, responses={200: NamespaceSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change description or visibility, as an owner."""
        namespace = self.get_object()
        refuse_unless_managed(self.person, namespace)
        wish = NamespaceChangeSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        origin = Origin.of_request(request)
        services.update_namespace(namespace, **wish.validated_data, origin=origin)
        return self._shown(namespace.pk, status=status.HTTP_200_OK)

    def _shown(self, pk: int, *, status: int) -> Response:
        """A namespace as the detail shows it."""
        body = self.get_serializer(self.select().get(pk=pk)).data
        headers = {"Location": body["url"]} if status == 201 else {}
        return Response(body, status=status, headers=headers)


class RepositoryViewSet(RepositoryFacts, ReadOnlyViewSet):
    """Repositories that the person may pull."""

    model = Repository
    permission_classes = (SignedIn,)
    serializer_class = RepositorySerializer
    filterset_class = RepositoryFilters
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Repository]:
        """All that the person may see."""
        return selectors.with_tag_counts(selectors.repositories_visible_to(self.person))


class TagViewSet(TagFacts, ReadOnlyViewSet):
    """Tags of repositories that the person may pull, latest push first."""

    model = Tag
    permission_classes = (SignedIn,)
    serializer_class = TagSerializer
    filterset_class = TagFilters
    ordering = ("-pushed_at", "-pk")

    def select(self) -> QuerySet[Tag]:
        """All that the person may see."""
        return selectors.tags_visible_to(self.person)


class GrantViewSet(ReadOnlyViewSet):
    """The grants of namespaces that the person owns, and the person's own."""

    model = Grant
    permission_classes = (SignedIn,)
    serializer_class = GrantSerializer
    filterset_class = GrantFilters
    ordering = ("pk",)

    def select(self) -> QuerySet[Grant]:
        """All that the person may see."""
        return selectors.grants_visible_to(self.person)

    @extend_schema(request=GrantWishSerializer, responses={201: GrantSerializer})
    def create(self, request: Request) -> Response:
        """Give a role, or change the one that is there, as an owner of the namespace."""
        wish = self._wish(request)
        refuse_unless_managed(self.person, wish["namespace"])
        grant = services.grant_role(**wish, origin=Origin.of_request(request))
        body = self.get_serializer(grant).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a role away, as an owner of the namespace."""
        grant = self.get_object()
        refuse_unless_managed(self.person, grant.namespace)
        services.revoke_grant(grant, origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _wish(self, request: Request) -> dict[str, Any]:
        """Names in it are looked up among what the person may see."""
        serializer = GrantWishSerializer(data=request.data)
        fields: Any = serializer.fields
        fields["namespace"].queryset = selectors.namespaces_visible_to(self.person)
        fields["repository"].queryset = selectors.repositories_visible_to(self.person)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def refuse_unless_managed(person: selectors.Person, namespace: Namespace) -> None:
    """Only owners of the whole namespace, and superusers, change it."""
    if not selectors.may_manage(person, namespace):
        raise PermissionDenied(
            _("Only an owner of the namespace %(name)s may do this.") % {"name": namespace.name}
        )
