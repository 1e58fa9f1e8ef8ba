"""How receivers of the audit look in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.forwarding.models import Forward
from apps.forwarding.services.receivers import LONGEST_CERTIFICATES


class ForwardSerializer(serializers.ModelSerializer[Forward]):
    """A receiver without its key, which nobody can read again."""

    url = serializers.HyperlinkedIdentityField(view_name="api:forward-detail")
    has_key = serializers.SerializerMethodField()

    class Meta:
        """All facts."""

        model = Forward
        fields = (
            "id",
            "url",
            "name",
            "kind",
            "address",
            "ca_certificates",
            "has_key",
            "is_active",
            "state",
            "problem",
            "failures",
            "next_try_at",
            "last_ok_at",
            "sent_to",
            "entries_sent",
            "created_at",
        )
        read_only_fields = fields

    def get_has_key(self, forward: Forward) -> bool:
        """Whether messages are signed."""
        return bool(forward.sealed_secret)


class ForwardWish(serializers.Serializer[dict[str, Any]]):
    """What a receiver shall be."""

    name = serializers.RegexField(r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", max_length=64)
    kind = serializers.ChoiceField(choices=Forward.Kind.choices)
    address = serializers.CharField(max_length=500)
    ca_certificates = serializers.CharField(
        max_length=LONGEST_CERTIFICATES, allow_blank=True, required=False
    )
    secret = serializers.CharField(
        max_length=4096,
        allow_blank=True,
        required=False,
        write_only=True,
        trim_whitespace=False,
        help_text=_("The key for signatures; left out it stays, empty it is forgotten."),
    )
    is_active = serializers.BooleanField(required=False)
