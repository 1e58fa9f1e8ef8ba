"""How webhooks and deliveries look in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.webhooks.models import CHOSEN_KINDS, Webhook, WebhookDelivery, name_validator
from apps.webhooks.services.hooks import SHORTEST_KEY
from dce_portal.api.serializers import StrictSerializer


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook without its signing key."""

    href = serializers.HyperlinkedIdentityField(view_name="api:webhook-detail")
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        """All facts."""

        model = Webhook
        fields: tuple[str, ...] = (
            "id",
            "href",
            "name",
            "url",
            "kinds",
            "patterns",
            "is_active",
            "created_at",
        )
        read_only_fields = fields


class MadeWebhookSerializer(WebhookSerializer):
    """As above, with the signing key where one was made; it is not shown again."""

    key = serializers.CharField(read_only=True, required=False)

    class Meta(WebhookSerializer.Meta):
        """And the key."""

        fields = (*WebhookSerializer.Meta.fields, "key")
        read_only_fields = fields


class WebhookWish(StrictSerializer):
    """What a webhook shall be."""

    name = serializers.CharField(max_length=64, validators=[name_validator])
    url = serializers.CharField(max_length=500)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=CHOSEN_KINDS), min_length=1, max_length=10
    )
    patterns = serializers.CharField(max_length=500, default="*")
    key = serializers.CharField(
        max_length=500,
        min_length=SHORTEST_KEY,
        required=False,
        write_only=True,
        help_text=_("The signing key. Left out, one is made; a kept one stays."),
    )
    new_key = serializers.BooleanField(
        default=False, write_only=True, help_text=_("Make a new signing key and show it once.")
    )
    is_active = serializers.BooleanField(default=True)


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """What was sent, how often it was tried, and what was answered."""

    url = serializers.HyperlinkedIdentityField(view_name="api:webhook-delivery-detail")
    webhook = serializers.IntegerField(source="webhook_id", read_only=True)
    body = serializers.DictField(read_only=True)

    class Meta:
        """All facts."""

        model = WebhookDelivery
        fields = (
            "id",
            "url",
            "uid",
            "webhook",
            "kind",
            "repository",
            "body",
            "state",
            "attempts",
            "created_at",
            "next_at",
            "finished_at",
            "status",
            "excerpt",
            "problem",
            "duration_ms",
        )
        read_only_fields: Any = fields
