"""What the repository browser's pages show, for programs: artifacts, history, figures, search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.registry import selectors
from apps.registry.api.browse_serializers import (
    MOST_QUERY,
    ArtifactSerializer,
    FoundSerializer,
    MoveSerializer,
    ReadmeSerializer,
    StorageSerializer,
    TrendSerializer,
)
from apps.registry.browse import search, trends
from apps.registry.pages import moves_of, tag_page
from apps.registry.readme import readme_html
from apps.registry.services.readmes import write_readme
from dce_portal.api.filters import refuse_unclear
from dce_portal.api.permissions import SignedIn
from dce_portal.errors import InvalidInput, NotFound, PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from rest_framework.request import Request


class TagFacts:
    """What the tags' view answers beside the row."""

    get_object: Any
    person: Any

    @extend_schema(responses=ArtifactSerializer)
    @action(detail=True, filter_backends=(), pagination_class=None)
    def artifact(self, request: Request, pk: str) -> Response:
        """Platforms, layers, configuration, signatures, SBOMs, and the services that use it."""
        facts = tag_page(self.person, self.get_object())
        return Response(ArtifactSerializer(facts).data)

    @extend_schema(responses=MoveSerializer(many=True))
    @action(detail=True, filter_backends=(), pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """What the tag pointed at, the latest first, at most 50."""
        return Response(MoveSerializer(moves_of(self.get_object()), many=True).data)


class RepositoryFacts:
    """What the repositories' view answers beside the row."""

    get_object: Any
    person: Any

    @extend_schema(responses=TrendSerializer)
    @action(detail=True, filter_backends=(), pagination_class=None)
    def pulls(self, request: Request, pk: str) -> Response:
        """Pulls a day, of the last 90 days."""
        return Response(TrendSerializer(trends.pulls_of(self.get_object())).data)

    @extend_schema(responses=ReadmeSerializer)
    @action(detail=True, filter_backends=(), pagination_class=None)
    def readme(self, request: Request, pk: str) -> Response:
        """The README, as Markdown and as harmless HTML."""
        return Response(_readme(self.get_object().readme))

    @extend_schema(request=ReadmeSerializer, responses=ReadmeSerializer)
    @readme.mapping.put
    def write_readme(self, request: Request, pk: str) -> Response:
        """Replace the README, as a maintainer or owner; an empty one removes it."""
        repository = self.get_object()
        if not selectors.may_describe(self.person, repository):
            raise PermissionDenied(_("Only maintainers and owners write a repository's README."))
        wish = ReadmeSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        text = wish.validated_data["readme"]
        origin, by = Origin.of_request(request), self.person.get_username()
        return Response(_readme(write_readme(repository, text=text, by=by, origin=origin).readme))


def _readme(text: str) -> dict[str, str]:
    return {"readme": text, "html": str(readme_html(text))}


class NamespaceFacts:
    """What the namespaces' view answers beside the row."""

    get_object: Any
    person: Any

    @extend_schema(responses=TrendSerializer)
    @action(detail=True, filter_backends=(), pagination_class=None)
    def sizes(self, request: Request, pk: str) -> Response:
        """Bytes stored a day; for those who may pull all of the namespace."""
        namespace = self.get_object()
        if not selectors.sees_whole(self.person, namespace):
            raise PermissionDenied(_("You see a part of this namespace, not its size."))
        return Response(TrendSerializer(trends.sizes_of(namespace)).data)


class SearchViewSet(GenericViewSet[Any]):
    """Search over all repositories and tags that the person may pull."""

    permission_classes = (SignedIn,)
    serializer_class = FoundSerializer
    filter_backends = ()
    pagination_class = None

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": 2, "maxLength": MOST_QUERY},
                required=True,
                description="The beginning of a name, a tag, a label or a digest; or `name:tag`.",
            )
        ],
        responses=forced_singular_serializer(FoundSerializer),  # type: ignore[no-untyped-call]
    )
    def list(self, request: Request) -> Response:
        """The first 50 repositories and the first 50 tags."""
        for name, values in request.query_params.lists():
            refuse_unclear(name, values, known={"q"})
        query = request.query_params.get("q", "")
        if not 2 <= len(query) <= MOST_QUERY or "\0" in query:
            message = _("Give between %(least)d and %(most)d characters.")
            raise InvalidInput(message % {"least": 2, "most": MOST_QUERY}, field="q")
        found = search.search(cast("selectors.Person", request.user), query)
        return Response(self.get_serializer(found).data)


class StorageViewSet(GenericViewSet[Any]):
    """What the whole registry stores."""

    permission_classes = (SignedIn,)
    serializer_class = StorageSerializer
    filter_backends = ()
    pagination_class = None

    @extend_schema(responses=forced_singular_serializer(StorageSerializer))  # type: ignore[no-untyped-call]
    def list(self, request: Request) -> Response:
        """The latest figures; for superusers, since they count what nobody else may see whole."""
        if not request.user.is_superuser:
            raise PermissionDenied(_("Only superusers see what the whole registry stores."))
        latest = trends.registry_sizes()
        if latest is None:
            raise NotFound(_("The registry was not measured yet."))
        return Response(self.get_serializer(latest).data)
