"""Channels, silences and deliveries in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.alerts.api.telling_serializers import (
    ChannelChangeSerializer,
    ChannelSerializer,
    ChannelWishSerializer,
    DeliverySerializer,
    SilenceSerializer,
    SilenceWishSerializer,
    wish_facts,
)
from apps.alerts.models import Channel, Delivery, Silence
from apps.alerts.selectors.channels import (
    channels_visible_to,
    deliveries_visible_to,
    silences_visible_to,
)
from apps.alerts.services import channels, silencing
from apps.alerts.services.resending import send_again
from dce_portal.api.filters import IdFilter
from dce_portal.api.operations import LOCATION, STARTED, started
from dce_portal.api.serializers import NothingSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class ChannelFilters(filters.FilterSet):
    """Of channels."""

    kind = filters.ChoiceFilter(choices=Channel.Kind.choices)
    is_enabled = filters.BooleanFilter()


class SilenceFilters(filters.FilterSet):
    """Of silences."""

    active = filters.BooleanFilter(method="filter_active")
    rule = IdFilter(field_name="rule_id")
    cluster = IdFilter(field_name="cluster_id")

    def filter_active(
        self,
        queryset: QuerySet[Silence],
        name: str,
        value: bool,  # noqa: FBT001 - the signature is django-filter's
    ) -> QuerySet[Silence]:
        """Those that hold at this moment, or all others."""
        now = timezone.now()
        holding = {"begins_at__lte": now, "ends_at__gt": now}
        return queryset.filter(**holding) if value else queryset.exclude(**holding)


class DeliveryFilters(filters.FilterSet):
    """Of deliveries."""

    channel = IdFilter(field_name="channel_id")
    alert = IdFilter(field_name="alerts")
    state = filters.ChoiceFilter(choices=Delivery.State.choices)
    kind = filters.ChoiceFilter(choices=Delivery.Kind.choices)


class ChannelViewSet(ReadOnlyViewSet):
    """Where alerts are told; an address can be given and not be read."""

    model = Channel
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilters
    ordering = ("name", "pk")
    action_permissions = {"test": "alerts.test_channel"}

    def select(self) -> QuerySet[Channel]:
        """All that the person may see."""
        return channels_visible_to(self.person)

    @extend_schema(request=ChannelWishSerializer, responses={201: ChannelSerializer})
    def create(self, request: Request) -> Response:
        """Make a channel."""
        wish = ChannelWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        _refuse_taken(wish.validated_data["name"])
        asked = channels.ChannelWish(**wish_facts(wish.validated_data))
        channel = channels.create_channel(asked, origin=Origin.of_request(request))
        body = self.get_serializer(channel).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=ChannelChangeSerializer, responses=ChannelSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is named, and leave the rest; of the address too."""
        channel = self.get_object()
        wish = ChannelChangeSerializer(data=request.data, partial=True)
        wish.is_valid(raise_exception=True)
        said = wish_facts(wish.validated_data)
        if "name" in said:
            _refuse_taken(said["name"], but=channel)
        asked = channels.ChannelWish(**{**channels.facts_of(channel), **said})
        changed = channels.change_channel(channel, asked, origin=Origin.of_request(request))
        return Response(self.get_serializer(changed).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a channel; what was sent stays in the history."""
        channels.delete_channel(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=STARTED, parameters=[LOCATION])
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a real message; the operation says how it went."""
        channel = self.get_object()
        NothingSerializer(data=request.data).is_valid(raise_exception=True)
        operation = channels.test_channel(channel, origin=Origin.of_request(request))
        return started(operation, request=request)


def _refuse_taken(name: str, *, but: Channel | None = None) -> None:
    others = Channel.objects.filter(name=name)
    if (others.exclude(pk=but.pk) if but is not None else others).exists():
        raise serializers.ValidationError({"name": [channels.NAME_IS_TAKEN]})


class SilenceViewSet(ReadOnlyViewSet):
    """What is not told for a while."""

    model = Silence
    serializer_class = SilenceSerializer
    filterset_class = SilenceFilters
    ordering = ("-ends_at", "-pk")
    action_permissions = {"end": "alerts.change_silence"}

    def select(self) -> QuerySet[Silence]:
        """All that the person may see."""
        return silences_visible_to(self.person)

    @extend_schema(request=SilenceWishSerializer, responses={201: SilenceSerializer})
    def create(self, request: Request) -> Response:
        """Make a silence."""
        wish = SilenceWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        asked = silencing.SilenceWish(**wish.validated_data)
        silence = silencing.make_silence(asked, origin=Origin.of_request(request))
        body = self.get_serializer(silence).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=None, responses=SilenceSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End it now; what is still open is told."""
        silence = self.get_object()
        NothingSerializer(data=request.data).is_valid(raise_exception=True)
        ended = silencing.end_silence(silence, origin=Origin.of_request(request))
        return Response(self.get_serializer(ended).data)


class DeliveryViewSet(ReadOnlyViewSet):
    """What was told, where, and how it went; newest first."""

    model = Delivery
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    ordering = ("-created_at", "-pk")
    action_permissions = {"resend": "alerts.change_delivery"}

    def select(self) -> QuerySet[Delivery]:
        """All that the person may see."""
        return deliveries_visible_to(self.person)

    @extend_schema(request=None, responses={201: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Send the same message once more, as a delivery of its own."""
        row = self.get_object()
        NothingSerializer(data=request.data).is_valid(raise_exception=True)
        again = send_again(row, origin=Origin.of_request(request))
        body = self.get_serializer(again).data
        headers = {"Location": body["url"]}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)
