"""Who may do what in a namespace, "may X push Y?", and docker logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry import selectors
from apps.registry.access import COLUMNS, access_table
from apps.registry.access_check import KINDS, Question, verdict_for
from apps.registry.models import DockerLogin, Namespace, Repository
from apps.registry.services import revoke_docker_login
from dce_portal.api.permissions import SignedIn
from dce_portal.api.queries import no_strange_fields
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import NotFound
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class CheckQuery(serializers.Serializer[dict[str, Any]]):
    """The question."""

    kind = serializers.ChoiceField(choices=KINDS, default="person")
    who = serializers.CharField(
        max_length=150,
        required=False,
        help_text=_("A user name, a team's or a robot's name; oneself when left out."),
    )
    action = serializers.ChoiceField(choices=COLUMNS)
    repository = serializers.CharField(max_length=255)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A misspelt name is refused."""
        return no_strange_fields(self, attrs)


class AccessVerdictSerializer(serializers.Serializer[Any]):
    """The answer, and why."""

    is_allowed = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class AccessCheckView(APIView):
    """May X do this with Y?"""

    permission_classes = (SignedIn,)

    @extend_schema(parameters=[CheckQuery], responses=AccessVerdictSerializer)
    def get(self, request: Request) -> Response:
        """Answer by the function that decides in the token endpoint."""
        query = CheckQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = dict(query.validated_data)
        asked["who"] = asked.get("who") or request.user.get_username()
        return Response(AccessVerdictSerializer(verdict_for(request.user, Question(**asked))).data)


class AccessQuery(serializers.Serializer[dict[str, Any]]):
    """Where."""

    namespace = serializers.CharField(max_length=64)
    repository = serializers.CharField(max_length=255, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A misspelt name is refused."""
        return no_strange_fields(self, attrs)


class AccessRowSerializer(serializers.Serializer[Any]):
    """A holder; each right with the reasons for it, an empty list where it is missing."""

    kind = serializers.CharField()
    name = serializers.CharField()
    pull = serializers.ListField(child=serializers.CharField(), source="rights.pull")
    push = serializers.ListField(child=serializers.CharField(), source="rights.push")
    delete = serializers.ListField(child=serializers.CharField(), source="rights.delete")
    manage = serializers.ListField(child=serializers.CharField(), source="rights.manage")


class AccessTableSerializer(serializers.Serializer[Any]):
    """All holders, or as many as one answer takes."""

    rows = AccessRowSerializer(many=True)
    is_whole = serializers.BooleanField()


class AccessView(APIView):
    """Who may do what in a namespace, for its owners."""

    permission_classes = (SignedIn,)

    @extend_schema(parameters=[AccessQuery], responses=AccessTableSerializer)
    def get(self, request: Request) -> Response:
        """People, teams and robots, and where each right comes from."""
        query = AccessQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        managed = selectors.namespaces_managed_by(request.user)
        namespace: Namespace = _found(managed.filter(name=_plain(asked["namespace"])))
        repository: Repository | None = None
        if name := asked.get("repository"):
            repository = _found(namespace.repositories.filter(name=_plain(name)))
        table = access_table(namespace, repository=repository)
        return Response(AccessTableSerializer(table).data)


def _found(rows: QuerySet[Any]) -> Any:  # noqa: ANN401 - whatever the rows are
    row = rows.first()
    if row is None:
        raise NotFound(str(_("There is no such thing, or you may not see it.")))
    return row


def _plain(text: str) -> str:
    """NUL is in no name, and PostgreSQL takes none."""
    return text.replace("\0", "␀")


class DockerLoginSerializer(serializers.ModelSerializer[DockerLogin]):
    """A docker login without its secret."""

    url = serializers.HyperlinkedIdentityField(view_name="api:docker-login-detail")
    owner = serializers.CharField(source="owner.username", read_only=True)
    is_usable = serializers.BooleanField(read_only=True)

    class Meta:
        """All facts."""

        model = DockerLogin
        fields = (
            "id",
            "url",
            "owner",
            "service",
            "client_id",
            "address",
            "is_usable",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )
        read_only_fields = fields


class DockerLoginFilters(filters.FilterSet):
    """Of docker logins."""

    owner = filters.CharFilter(field_name="owner__username", max_length=150)
    client_id = filters.CharFilter(max_length=64)
    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)


class DockerLoginViewSet(ReadOnlyViewSet):
    """What docker clients hold: one's own, everybody's for a superuser."""

    model = DockerLogin
    permission_classes = (SignedIn,)
    serializer_class = DockerLoginSerializer
    filterset_class = DockerLoginFilters
    ordering = ("-created_at", "-pk")

    def select(self) -> QuerySet[DockerLogin]:
        """All that the person may see."""
        return selectors.docker_logins_visible_to(self.person)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """End a login; the client is asked to sign in again."""
        revoke_docker_login(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
