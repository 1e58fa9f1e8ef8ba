"""The form of a scan policy."""

from __future__ import annotations

from django import forms

from apps.scanning.models import ScanPolicy


class ScanPolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's form is generic in its stubs only
    """What a namespace wants."""

    class Meta:
        """What a person gives."""

        model = ScanPolicy
        fields = (
            "namespace",
            "scan_on_push",
            "block_from",
            "only_fixable",
            "block_unscanned",
            "excepted",
        )
