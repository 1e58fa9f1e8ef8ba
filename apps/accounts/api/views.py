"""Own tokens, teams, and who am I."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import selectors
from apps.accounts.api.serializers import (
    IssuedTokenSerializer,
    MeSerializer,
    TeamDetailSerializer,
    TeamSerializer,
    TokenSerializer,
    TokenWishSerializer,
)
from apps.accounts.models import PersonalToken, Team
from apps.accounts.services import IssuedToken, issue_personal_token, revoke_personal_token
from dce_portal.api.filters import SearchFilter
from dce_portal.api.permissions import SignedIn
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

    from apps.accounts.models import User


class TokenFilters(filters.FilterSet):
    """Of tokens."""

    revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)
    search = SearchFilter("name", "key")


class TokenViewSet(ReadOnlyViewSet):
    """One's own personal tokens."""

    model = PersonalToken
    permission_classes = (SignedIn,)
    serializer_class = TokenSerializer
    filterset_class = TokenFilters
    ordering = ("-created_at", "-pk")

    def select(self) -> QuerySet[PersonalToken]:
        """Nobody else's, whatever the person's rights."""
        return selectors.tokens_of(self.person)

    @extend_schema(request=TokenWishSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token; the answer is the only place where its secret is ever shown."""
        wish = TokenWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        issued = self._issue(request, **wish.validated_data)
        issued.token.secret = issued.secret  # type: ignore[attr-defined]  # for the serializer alone
        body = IssuedTokenSerializer(issued.token, context=self.get_serializer_context()).data
        headers = {"Location": body["url"], "Cache-Control": "no-store"}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a token at once; it stays in the list."""
        revoke_personal_token(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _issue(self, request: Request, *, name: str, scopes: list[str], days: int) -> IssuedToken:
        refuse_wider_scopes(request, scopes)
        return issue_personal_token(
            owner=self.person,
            name=name,
            scopes=scopes,
            expires_at=no_later_than_own(request, timezone.now() + timedelta(days=days)),
            origin=Origin.of_request(request),
        )


def refuse_wider_scopes(request: Request, scopes: list[str]) -> None:
    """A token must not make one that may more than itself."""
    own = getattr(request.auth, "scopes", None)
    if own is not None and not set(scopes) <= set(own):
        raise PermissionDenied(_("A token can only make tokens with scopes that it has itself."))


def no_later_than_own(request: Request, wished: datetime) -> datetime:
    """A token that someone found must not make one that outlives it."""
    own = getattr(request.auth, "expires_at", None)
    return wished if own is None else min(wished, own)


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


class MeView(APIView):
    """Who asks, and what the credential allows."""

    permission_classes = (SignedIn,)

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Answer with the person's own facts."""
        me = cast("User", request.user)
        credential = {
            "credential": str(request.auth) if request.auth else "session",
            "scopes": getattr(request.auth, "scopes", None),
        }
        return Response(MeSerializer(me, context=credential).data)
