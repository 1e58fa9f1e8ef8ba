"""Own personal tokens: made, rotated and ended; a token makes none that may more than itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.accounts import networks as places
from apps.accounts import selectors
from apps.accounts.api.serializers import (
    IssuedTokenSerializer,
    RotationSerializer,
    TokenSerializer,
    TokenWishSerializer,
)
from apps.accounts.models import PersonalToken
from apps.accounts.scopes import covers
from apps.accounts.services import (
    IssuedToken,
    checked_networks,
    issue_personal_token,
    revoke_personal_token,
    rotate_personal_token,
)
from dce_portal.api.filters import SearchFilter
from dce_portal.api.permissions import SignedIn
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import PermissionDenied
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


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
        return selectors.tokens_of(self.person).select_related("owner")

    @extend_schema(request=TokenWishSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token; the answer is the only place where its secret is ever shown."""
        wish = TokenWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        return self._shown(self._issue(request, **wish.validated_data), status.HTTP_201_CREATED)

    @extend_schema(request=RotationSerializer, responses={200: IssuedTokenSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def rotate(self, request: Request, pk: str) -> Response:
        """Give a token another secret, which is shown this once; the old one goes on for a while."""
        token = self.get_object()
        wish = RotationSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        refuse_wider_scopes(request, token.scopes)
        refuse_wider_networks(request, token.networks)
        refuse_longer_life(request, token.expires_at)
        issued = rotate_personal_token(
            token,
            overlap_hours=wish.validated_data["overlap_hours"],
            expires_at=_expiry(request, wish.validated_data.get("days")),
            origin=Origin.of_request(request),
        )
        return self._shown(issued, status.HTTP_200_OK)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a token at once; it stays in the list."""
        revoke_personal_token(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _issue(self, request: Request, **wish: Any) -> IssuedToken:  # noqa: ANN401 - the wish's fields
        refuse_wider_scopes(request, wish["scopes"])
        networks = checked_networks(wish.get("networks") or own_networks(request))
        refuse_wider_networks(request, networks)
        return issue_personal_token(
            owner=self.person,
            name=wish["name"],
            scopes=wish["scopes"],
            networks=networks,
            expires_at=_expiry(request, wish["days"]),
            origin=Origin.of_request(request),
        )

    def _shown(self, issued: IssuedToken, code: int) -> Response:
        """A token with its secret, in an answer that nobody keeps."""
        issued.token.secret = issued.secret  # type: ignore[attr-defined]  # for the serializer alone
        body = IssuedTokenSerializer(issued.token, context=self.get_serializer_context()).data
        location = {"Location": body["url"]} if code == status.HTTP_201_CREATED else {}
        return Response(body, status=code, headers={**location, "Cache-Control": "no-store"})


def refuse_wider_scopes(request: Request, scopes: list[str]) -> None:
    """A token must not make one that may more than itself."""
    own = getattr(request.auth, "scopes", None)
    if own is not None and not all(covers(own, scope) for scope in scopes):
        raise PermissionDenied(_("A token can only make tokens with scopes that it has itself."))


def refuse_wider_networks(request: Request, networks: list[str]) -> None:
    """Nor one that works where itself does not."""
    if not places.within(networks, own_networks(request)):
        raise PermissionDenied(_("A token can only make tokens for addresses that it has itself."))


def own_networks(request: Request) -> list[str]:
    """Where the credential that asks may be used; empty is everywhere."""
    return list(getattr(request.auth, "networks", ()))


def no_later_than_own(request: Request, wished: datetime) -> datetime:
    """A token that someone found must not make one that outlives it."""
    own = getattr(request.auth, "expires_at", None)
    return wished if own is None else min(wished, own)


def refuse_longer_life(request: Request, expires_at: datetime | None) -> None:
    """Nor have a secret shown that outlives it."""
    own = getattr(request.auth, "expires_at", None)
    if own is not None and (expires_at is None or expires_at > own):
        raise PermissionDenied(_("A token can only rotate what ends no later than itself."))


def _expiry(request: Request, days: int | None) -> datetime | None:
    if days is None:
        return None
    return no_later_than_own(request, timezone.now() + timedelta(days=days))
