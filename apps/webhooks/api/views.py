"""Webhooks and their deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.webhooks.api.serializers import (
    MadeWebhookSerializer,
    WebhookDeliverySerializer,
    WebhookSerializer,
    WebhookWish,
)
from apps.webhooks.models import EventKind, Webhook, WebhookDelivery
from apps.webhooks.services.hooks import delete_hook, save_hook, send_again, try_hook
from dce_portal.api.filters import IdFilter
from dce_portal.api.serializers import NothingSerializer
from dce_portal.api.viewsets import ReadOnlyViewSet
from dce_portal.errors import Conflict
from dce_portal.origin import Origin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

    from dce_portal.secret import Secret


class WebhookViewSet(ReadOnlyViewSet):
    """Addresses that get the registry's events as signed JSON."""

    model = Webhook
    serializer_class = WebhookSerializer
    ordering = ("name", "pk")
    action_permissions = {"test": "webhooks.change_webhook"}

    def select(self) -> QuerySet[Webhook]:
        """All of them, for those who may see any."""
        return Webhook.objects.all()

    @extend_schema(request=WebhookWish, responses={201: MadeWebhookSerializer})
    def create(self, request: Request) -> Response:
        """Add a webhook; a signing key that was made is in the answer and nowhere else."""
        hook = Webhook()
        made = self._saved(hook, request, is_partial=False)
        body = self._shown(hook, made)
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": body["href"]})

    @extend_schema(request=WebhookWish(partial=True), responses={200: MadeWebhookSerializer})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a webhook."""
        hook = self.get_object()
        made = self._saved(hook, request, is_partial=True)
        return Response(self._shown(hook, made))

    @extend_schema(responses={204: OpenApiResponse(description="Removed.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a webhook, with its deliveries."""
        delete_hook(self.get_object(), origin=Origin.of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=NothingSerializer, responses={202: WebhookDeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a test; its delivery tells how it went."""
        NothingSerializer(data=request.data or {}).is_valid(raise_exception=True)
        delivery = try_hook(self.get_object(), origin=Origin.of_request(request))
        body = WebhookDeliverySerializer(delivery, context=self.get_serializer_context()).data
        return Response(body, status=status.HTTP_202_ACCEPTED)

    def _saved(self, hook: Webhook, request: Request, *, is_partial: bool) -> Secret | None:
        wish = WebhookWish(data=request.data, partial=is_partial)
        wish.is_valid(raise_exception=True)
        # Defaults are for what is new; a change touches nothing that it does not name.
        given = set(request.data) if is_partial else set(wish.validated_data)
        values: dict[str, Any] = {k: v for k, v in wish.validated_data.items() if k in given}
        key, new_key = values.pop("key", None), values.pop("new_key", False)
        _refuse_taken_name(hook, values.get("name"))
        return save_hook(
            hook, values, key="" if new_key else key, origin=Origin.of_request(request)
        )

    def _shown(self, hook: Webhook, made: Secret | None) -> dict[str, Any]:
        body = dict(self.get_serializer(hook).data)
        return {**body, "key": made.reveal()} if made is not None else body


class WebhookDeliveryFilters(filters.FilterSet):
    """Of deliveries."""

    webhook = IdFilter(field_name="webhook_id")
    state = filters.ChoiceFilter(choices=WebhookDelivery.State.choices)
    kind = filters.ChoiceFilter(choices=EventKind.choices)


class WebhookDeliveryViewSet(ReadOnlyViewSet):
    """What was sent to webhooks, the newest first."""

    model = WebhookDelivery
    serializer_class = WebhookDeliverySerializer
    filterset_class = WebhookDeliveryFilters
    ordering = ("-created_at", "-pk")
    action_permissions = {"resend": "webhooks.change_webhookdelivery"}

    def select(self) -> QuerySet[WebhookDelivery]:
        """All of them, for those who may see any."""
        return WebhookDelivery.objects.select_related("webhook")

    @extend_schema(request=NothingSerializer, responses={202: WebhookDeliverySerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Send the same body once more, as a new delivery."""
        NothingSerializer(data=request.data or {}).is_valid(raise_exception=True)
        again = send_again(self.get_object(), origin=Origin.of_request(request))
        return Response(self.get_serializer(again).data, status=status.HTTP_202_ACCEPTED)


def _refuse_taken_name(hook: Webhook, name: str | None) -> None:
    if name and Webhook.objects.filter(name=name).exclude(pk=hook.pk).exists():
        message = _("There is a webhook of this name already. Nothing was changed.")
        raise Conflict(message, field="name")
