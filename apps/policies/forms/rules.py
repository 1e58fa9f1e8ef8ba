"""The forms of rules and quotas: sizes in units, and a sentence where something cannot be meant so."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.policies.models import ImageRule, Quota, RetentionRule, TagRule
from apps.policies.services.policies import problems_of

SIZE = re.compile(r"(\d{1,19}(?:[.,]\d{1,3})?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
LARGEST = 2**63 - 1
SIZE_HELP = gettext_lazy("Such as 500 MiB or 20 GB; a number alone is bytes.")


def read_size(text: str) -> int:
    """Bytes of a size with a unit; ValueError where it is none."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    base = 1024 if match[3] else 1000
    size = float(match[1].replace(",", ".")) * base ** POWERS[match[2].lower()]
    if not 0 <= size <= LARGEST:
        raise ValueError(text)
    return int(match[1]) if match[1].isdigit() and not match[2] else round(size)


def shown_size(size_bytes: int | None) -> str:
    """The same size in the largest unit that loses nothing."""
    if size_bytes is None:
        return ""
    for unit, power in (("TiB", 4), ("GiB", 3), ("MiB", 2), ("KiB", 1)):
        if size_bytes and size_bytes % 1024**power == 0:
            return f"{size_bytes // 1024**power} {unit}"
    return str(size_bytes)


class SizeField(forms.CharField):
    """Bytes, written with a unit."""

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        """As it is kept, or as it was typed."""
        return shown_size(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:  # noqa: ANN401 - Django's signature
        """Bytes, or nothing where nothing stands."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_size(text)
        except ValueError:
            message = _("Write a size such as 500 MiB or 20 GB.")
            raise forms.ValidationError(message) from None


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """Says what the service would say, beside the field."""

    sizes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Let sizes be written with units."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed through
        for name in set(self.sizes) & set(self.fields):
            before = self.fields[name]
            label = str(before.label).replace(" (bytes)", "")
            self.fields[name] = SizeField(
                label=label, required=False, max_length=30, help_text=SIZE_HELP
            )

    def clean(self) -> dict[str, Any]:
        """The service's own check, on what was filled in."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        row = self._meta.model(**{k: v for k, v in cleaned.items() if k in self.fields})
        for field, sentence in problems_of(row).items():
            if field in self.fields and field not in self.errors:
                self.add_error(field, sentence)
        return cleaned


class TagRuleForm(PolicyForm):
    """A rule for tags."""

    class Meta:
        """What a person gives."""

        model = TagRule
        fields = (
            "namespace",
            "repositories",
            "tags",
            "kind",
            "who_creates",
            "who_overwrites",
            "who_deletes",
            "is_enabled",
        )


class ImageRuleForm(PolicyForm):
    """A rule for images."""

    sizes = ("most_bytes",)

    class Meta:
        """What a person gives."""

        model = ImageRule
        fields = ("namespace", "repositories", "platforms", "most_bytes", "is_enabled")


class QuotaForm(PolicyForm):
    """A quota."""

    sizes = ("most_bytes",)

    class Meta:
        """What a person gives."""

        model = Quota
        fields = ("namespace", "most_bytes", "most_tags")


class RetentionRuleForm(PolicyForm):
    """A retention rule."""

    class Meta:
        """What a person gives."""

        model = RetentionRule
        fields = (
            "namespace",
            "repositories",
            "tags",
            "keep_last",
            "younger_than_days",
            "pulled_within_days",
            "keep_matching",
            "untagged_days",
            "schedule",
            "is_enabled",
        )
