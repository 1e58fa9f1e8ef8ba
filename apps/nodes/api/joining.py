"""Join tokens and joins in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from apps.nodes.api.serializers import check_names
from apps.nodes.joining.offer import join_lines
from apps.nodes.models import Cluster, Join, JoinToken, Node
from apps.nodes.models.joining import JOIN_ROLES
from apps.nodes.selectors.joining import join_tokens_visible_to, joins_visible_to
from apps.nodes.services.joining import JoinWish, issue_join_token, revoke_join_token
from dce_portal.api.filters import IdFilter
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class JoinTokenSerializer(serializers.ModelSerializer[JoinToken]):
    """A join token without its secret, which nobody can read again."""

    url = serializers.HyperlinkedIdentityField(view_name="api:join-token-detail")
    labels = serializers.DictField(child=serializers.CharField(), read_only=True)
    created_by = serializers.CharField(
        source="created_by.username", default=None, read_only=True, allow_null=True
    )
    is_usable = serializers.BooleanField(read_only=True)

    class Meta:
        """All facts; `key` is the public part."""

        model = JoinToken
        fields = (
            "id",
            "url",
            "key",
            "cluster",
            "role",
            "availability",
            "labels",
            "uses_allowed",
            "uses_taken",
            "is_usable",
            "created_by",
            "created_at",
            "expires_at",
            "revoked_at",
        )
        read_only_fields = fields


class IssuedJoinTokenSerializer(JoinTokenSerializer):
    """A new join token with its secret and its lines, this once."""

    secret = serializers.CharField(
        read_only=True, help_text=_("The whole token; it is not shown again.")
    )
    curl_line = serializers.CharField(
        read_only=True, help_text=_("What to run on a host; empty while HTTPS is off.")
    )
    docker_line = serializers.CharField(
        read_only=True, help_text=_("The same with docker alone; empty while HTTPS is off.")
    )

    class Meta:
        """As above, and the secret."""

        model = JoinToken
        fields = (*JoinTokenSerializer.Meta.fields, "secret", "curl_line", "docker_line")
        read_only_fields = fields


class JoinWishSerializer(serializers.Serializer[dict[str, Any]]):
    """What a new join token shall be."""

    cluster: serializers.PrimaryKeyRelatedField[Cluster] = serializers.PrimaryKeyRelatedField(
        queryset=Cluster.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text=_("The Swarm to join; null lets the first host make a new one."),
    )
    role = serializers.ChoiceField(choices=JOIN_ROLES, default=Node.Role.WORKER.value)
    availability = serializers.ChoiceField(
        choices=Node.Availability.choices, default=Node.Availability.ACTIVE.value
    )
    labels = serializers.DictField(
        child=serializers.CharField(max_length=1024, allow_blank=True, trim_whitespace=False),
        default=dict,
    )
    uses = serializers.IntegerField(min_value=1, max_value=100, default=1)
    minutes = serializers.IntegerField(min_value=1, max_value=7 * 24 * 60, default=60)

    def validate_labels(self, labels: dict[str, str]) -> dict[str, str]:
        """Look at the names too."""
        return check_names(labels)


class JoinSerializer(serializers.ModelSerializer[Join]):
    """One host's way in, step by step."""

    url = serializers.HyperlinkedIdentityField(view_name="api:join-detail")
    steps = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta:
        """All facts."""

        model = Join
        fields = (
            "id",
            "url",
            "token",
            "hostname",
            "address",
            "state",
            "steps",
            "error",
            "node",
            "started_at",
            "updated_at",
        )
        read_only_fields = fields


class JoinTokenFilters(filters.FilterSet):
    """Of join tokens."""

    cluster = IdFilter(field_name="cluster_id")
    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)


class JoinFilters(filters.FilterSet):
    """Of joins."""

    token = IdFilter(field_name="token_id")
    state = filters.ChoiceFilter(choices=Join.State.choices)


class JoinTokenViewSet(ReadOnlyViewSet):
    """What lets hosts in."""

    model = JoinToken
    serializer_class = JoinTokenSerializer
    filterset_class = JoinTokenFilters
    ordering = ("-created_at", "-pk")

    def select(self) -> QuerySet[JoinToken]:
        """All that the person may see."""
        return join_tokens_visible_to(self.person)

    @extend_schema(request=JoinWishSerializer, responses={201: IssuedJoinTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a join token; the answer is the only place where its secret is ever shown."""
        wish = JoinWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        origin = Origin.of_request(request)
        issued = issue_join_token(wish=JoinWish(**wish.validated_data), origin=origin)
        lines = join_lines(request, secret=issued.secret)
        once = {
            "secret": issued.secret,
            "curl_line": lines.curl if lines else "",
            "docker_line": lines.docker if lines else "",
        }
        facts = JoinTokenSerializer(issued.token, context=self.get_serializer_context()).data
        headers = {"Location": facts["url"], "Cache-Control": "no-store"}
        return Response({**facts, **once}, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a join token at once; it stays in the list, and hosts that joined with it stay."""
        revoke_join_token(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class JoinViewSet(ReadOnlyViewSet):
    """Hosts that joined, or are about to."""

    model = Join
    serializer_class = JoinSerializer
    filterset_class = JoinFilters
    ordering = ("-started_at", "-pk")

    def select(self) -> QuerySet[Join]:
        """All that the person may see."""
        return joins_visible_to(self.person)
