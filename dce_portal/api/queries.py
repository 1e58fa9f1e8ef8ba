"""What every address refuses in its query."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


def no_strange_fields(query: serializers.Serializer[Any], attrs: dict[str, Any]) -> dict[str, Any]:
    """A misspelt name or one without a value is refused, rather than answered as if it had not been asked."""
    if strange := sorted(set(query.initial_data) - set(query.fields)):
        raise serializers.ValidationError({strange[0]: _("There is no such field.")})
    if empty := sorted(name for name, value in query.initial_data.items() if value == ""):
        raise serializers.ValidationError({empty[0]: _("Give a value, or leave it out.")})
    return attrs
