"""Teams: made by administrators, filled by their maintainers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.accounts import selectors
from apps.accounts.api.serializers import (
    MembershipSerializer,
    MemberWishSerializer,
    TeamChangeSerializer,
    TeamDetailSerializer,
    TeamSerializer,
    TeamWishSerializer,
)
from apps.accounts.models import Team
from apps.accounts.services import (
    create_team,
    delete_team,
    describe_team,
    may_maintain,
    put_member,
    remove_member,
)
from dce_portal.api.filters import SearchFilter
from dce_portal.api.permissions import SignedIn
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer


class TeamFilters(filters.FilterSet):
    """Of teams."""

    search = SearchFilter("name", "description")


class TeamViewSet(ReadOnlyViewSet):
    """The teams that the person is in, or all with the right to view teams."""

    model = Team
    permission_classes = (SignedIn,)
    filterset_class = TeamFilters
    ordering = ("name", "pk")

    def select(self) -> QuerySet[Team]:
        """Own ones, or all."""
        teams = selectors.teams_visible_to(self.person)
        return teams.prefetch_related("memberships__person") if self.action == "retrieve" else teams

    def get_serializer_class(self) -> type[BaseSerializer[Team]]:
        """Members in the detail only."""
        return TeamDetailSerializer if self.action == "retrieve" else TeamSerializer

    @extend_schema(request=TeamWishSerializer, responses={201: TeamSerializer})
    def create(self, request: Request) -> Response:
        """Make a team, with the right to add teams."""
        self._need("accounts.add_team")
        wish = TeamWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        made = create_team(**wish.validated_data, origin=Origin.of_request(request))
        body = self._body(made)
        headers = {"Location": str(body["url"])}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=TeamChangeSerializer, responses={200: TeamSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say what a team is for, as one of its maintainers."""
        team = self._maintained()
        wish = TeamChangeSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        describe_team(team, **wish.validated_data, origin=Origin.of_request(request))
        return Response(self._body(team))

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a team with its grants, with the right to delete teams."""
        team = self.get_object()
        self._need("accounts.delete_team")
        delete_team(team, origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=MemberWishSerializer, responses={200: MembershipSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def members(self, request: Request, pk: str) -> Response:
        """Take a person into the team, or give another role in it, as one of its maintainers."""
        team = self._maintained()
        wish = MemberWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        membership = put_member(
            team,
            username=wish.validated_data["person"],
            role=wish.validated_data["role"],
            origin=Origin.of_request(request),
        )
        return Response(MembershipSerializer(membership).data)

    @extend_schema(
        parameters=[OpenApiParameter("person", str, OpenApiParameter.PATH)],
        responses={204: OpenApiResponse(description="Removed.")},
    )
    @action(
        detail=True,
        methods=["delete"],
        url_path=r"members/(?P<person>[^/]+)",
        url_name="member",
        filterset_class=None,
    )
    def remove(self, request: Request, pk: str, person: str) -> Response:
        """Take a person out of the team, as one of its maintainers, or oneself."""
        team = self.get_object()
        if person != self.person.username:
            self._maintained()
        remove_member(team, username=person, origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _maintained(self) -> Team:
        team: Team = self.get_object()
        if not may_maintain(self.person, team):
            message = _("Only a maintainer of the team %(name)s may do this.")
            raise PermissionDenied(message % {"name": team.name})
        return team

    def _need(self, permission: str) -> None:
        if not self.person.has_perm(permission):
            raise PermissionDenied(_("You may not do this; ask an administrator for the right."))

    def _body(self, team: Team) -> dict[str, object]:
        row = selectors.teams_visible_to(self.person).filter(pk=team.pk).first() or team
        return dict(TeamSerializer(row, context=self.get_serializer_context()).data)
