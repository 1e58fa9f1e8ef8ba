"""Labels as a person types them: all of one node's, and changes to several nodes'."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LabelsForm(forms.Form):
    """A node's labels, one a line."""

    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "dce-textarea", "spellcheck": "false"}),
        help_text=_(
            "One label a line, as name=value. A line that is taken away removes its label."
        ),
    )

    def clean_labels(self) -> dict[str, str]:
        """The lines as names and values."""
        return labels_of_lines(str(self.cleaned_data["labels"]))


class LabelEditsForm(forms.Form):
    """Labels to set on several nodes, and names to take away."""

    labels = forms.CharField(
        label=_("Labels to set"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "dce-textarea", "spellcheck": "false"}),
        help_text=_("One label a line, as name=value. Other labels stay as they are."),
    )
    remove = forms.CharField(
        label=_("Labels to remove"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "dce-textarea", "spellcheck": "false"}),
        help_text=_("One name a line. A node that has no such label is left as it is."),
    )

    def clean_labels(self) -> dict[str, str]:
        """The lines as names and values."""
        return labels_of_lines(str(self.cleaned_data["labels"]))

    def clean_remove(self) -> list[str]:
        """The names, each once."""
        return sorted({line for line in lines_of(str(self.cleaned_data["remove"])) if line})


def labels_of_lines(text: str) -> dict[str, str]:
    """Names and values; a name that stands there twice is refused."""
    pairs = [line.partition("=") for line in lines_of(text) if line]
    names = [name.strip(" \t") for name, _equals, _value in pairs]
    if len(set(names)) < len(names):
        raise forms.ValidationError(_("A name stands here twice; keep one of the lines."))
    return {name.strip(" \t"): value.strip(" \t") for name, _equals, value in pairs}


def lines_of(text: str) -> list[str]:
    """The lines without blanks around them; control characters stay in them, so that they are refused."""
    return [line.strip(" \t") for line in text.replace("\r\n", "\n").split("\n")]


def as_lines(labels: dict[str, str]) -> str:
    """Labels as the form shows them."""
    return "\n".join(f"{name}={value}" for name, value in sorted(labels.items()))
