"""The form of a rule, in plain words with units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.alerts.models import AlertRule, Severity
from apps.alerts.rules import catalogue
from apps.alerts.rules.amounts import NotAnAmount, amount_of, span_of, typed_amount, typed_span
from apps.alerts.rules.catalogue import unit_of
from apps.alerts.rules.checking import WINDOWS_S
from apps.alerts.rules.sentences import span_in_words
from apps.alerts.services import rule_problems
from apps.metrics.measures import UNITS
from apps.metrics.models import MetricObject
from apps.nodes.models import Cluster

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Promise

    Base = forms.ModelForm[AlertRule]
else:
    Base = forms.ModelForm

LOOKS = {"class": "dce-field"}
LATEST = _("the latest sample alone")
Choices = list[tuple[Any, Any]]


def _kinds() -> Choices:
    """Every kind of object of which there is usage or a fact."""
    facts = {kind for fact in catalogue.FACTS.values() for kind in fact.kinds}
    known = facts | set(MetricObject.Kind.values) | {"registry"}
    return [(kind, words) for kind, words in catalogue.KIND_WORDS.items() if kind in known]


def _metrics() -> Choices:
    measures = [(name, catalogue.MEASURE_WORDS.get(name, name)) for name in UNITS]
    facts = [(name, fact.words) for name, fact in catalogue.FACTS.items()]
    return [(_("Metrics"), measures), (_("Facts"), facts)]


def _windows() -> Choices:
    return [(span, span_in_words(span) if span else LATEST) for span in WINDOWS_S]


def _text(
    label: Promise, *, help_text: Promise | str = "", required: bool = True
) -> forms.CharField:
    attributes = {**LOOKS, "autocomplete": "off", "spellcheck": "false"}
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(
        label=label, max_length=60, widget=widget, help_text=help_text, required=required
    )


def _choice(label: Promise, choices: Any, *, initial: Any = None) -> forms.ChoiceField:  # noqa: ANN401 - Django's own kinds
    return forms.ChoiceField(
        label=label, choices=choices, initial=initial, widget=forms.Select(attrs=LOOKS)
    )


class RuleForm(Base):
    """Three questions: what is looked at, when it is trouble, what then."""

    condition = _choice(_("Look at"), AlertRule.Condition.choices)
    metric = forms.ChoiceField(
        label=_("Metric or fact"),
        choices=_metrics,
        required=False,
        widget=forms.Select(attrs=LOOKS),
    )
    object_kind = _choice(_("Of every"), _kinds)
    selection = _choice(_("Which of them"), AlertRule.Selection.choices)
    selector = forms.CharField(
        label=_("Pattern, label, stack or number"),
        required=False,
        max_length=250,
        widget=forms.TextInput(attrs={**LOOKS, "placeholder": "web-*"}),
        help_text=_("web-* for names, tier=front for labels; not needed for all of them."),
    )
    comparison = _choice(_("Trouble is"), AlertRule.Comparison.choices)
    value = _text(_("Value"), help_text=_("With its unit: 90 %, 512 MiB, 1.5 cores, 5 min, 3."))
    against = _choice(_("Compared with"), AlertRule.Against.choices)
    window_s = forms.TypedChoiceField(
        label=_("Looked at over"),
        choices=_windows,
        coerce=int,
        initial=60,
        widget=forms.Select(attrs=LOOKS),
    )
    for_s = _text(_("Must hold for"), help_text=_("5 min, 90 s, 1 h; 0 tells at once."))
    min_samples = forms.IntegerField(
        label=_("Samples needed"),
        min_value=1,
        max_value=1000,
        initial=1,
        widget=forms.NumberInput(attrs=LOOKS),
    )
    clear_value = _text(
        _("Over at"), required=False, help_text=_("Empty: as soon as it is no trouble any more.")
    )
    clear_for_s = _text(_("Must be over for"))
    severity = _choice(_("Severity"), Severity.choices, initial=Severity.WARNING)

    class Meta:
        """The rest as the model has it."""

        model = AlertRule
        fields = (
            "name",
            "condition",
            "metric",
            "object_kind",
            "selection",
            "selector",
            "cluster",
            "comparison",
            "value",
            "against",
            "window_s",
            "for_s",
            "min_samples",
            "clear_value",
            "clear_for_s",
            "severity",
            "is_enabled",
            "words",
        )
        labels = {
            "name": _("Name"),
            "cluster": _("Cluster"),
            "is_enabled": _("Switched on"),
            "words": _("What to do"),
        }
        help_texts = {
            "words": _("Told with the alert: what it means, where to look first, what helps."),
            "cluster": _("Empty: in every cluster."),
        }
        widgets = {
            "name": forms.TextInput(attrs=LOOKS),
            "cluster": forms.Select(attrs=LOOKS),
            "words": forms.Textarea(attrs={"rows": 3, "class": "dce-field"}),
        }

    SECTIONS = (
        (
            _("What is looked at"),
            ("condition", "metric", "object_kind", "selection", "selector", "cluster"),
        ),
        (
            _("When it is trouble"),
            ("comparison", "value", "against", "window_s", "for_s", "min_samples"),
        ),
        (_("When it is over"), ("clear_value", "clear_for_s")),
        (_("What then"), ("name", "severity", "is_enabled", "words")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        """Write numbers as people type them."""
        super().__init__(*args, **kwargs)
        rule = self.instance
        unit = unit_of(rule.condition, rule.metric, against=rule.against, measures=UNITS)
        if rule.pk or rule.value:
            self.initial["value"] = typed_amount(rule.value, unit)
            self.initial["clear_value"] = typed_amount(rule.clear_value, unit)
        self.initial["for_s"] = typed_span(rule.for_s)
        self.initial["clear_for_s"] = typed_span(rule.clear_for_s)
        cast("Any", self.fields["cluster"]).queryset = Cluster.objects.all()
        cast("Any", self.fields["cluster"]).empty_label = _("every cluster")

    def sections(self) -> list[tuple[Promise, list[forms.BoundField]]]:
        """The fields as the page groups them."""
        return [(title, [self[name] for name in names]) for title, names in self.SECTIONS]

    def clean_for_s(self) -> int:
        """Seconds."""
        return self._span("for_s")

    def clean_clear_for_s(self) -> int:
        """Seconds."""
        return self._span("clear_for_s")

    def clean(self) -> dict[str, Any]:
        """Numbers in the rule's own unit, which follows from the other answers."""
        answers = super().clean() or self.cleaned_data
        condition, metric = answers.get("condition", ""), answers.get("metric", "")
        against = answers.get("against", "absolute")
        unit = unit_of(condition, metric, against=against, measures=UNITS)
        for name in ("value", "clear_value"):
            answers[name] = self._amount(name, unit)
        if answers["value"] is None:
            answers.pop("value")
        if condition == AlertRule.Condition.ABSENCE:
            answers["metric"] = ""
        return answers

    def _post_clean(self) -> None:
        """After the answers are on the row: whether they can be meant together."""
        super()._post_clean()  # type: ignore[misc]  # Django's own hook
        if self.errors:
            return
        for field, sentence in rule_problems(self.instance).items():
            self.add_error(field, str(sentence))

    def _span(self, name: str) -> int:
        try:
            return span_of(self.cleaned_data[name])
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error

    def _amount(self, name: str, unit: str) -> float | None:
        text = str(self.cleaned_data.get(name) or "").strip()
        if not text:
            return None
        try:
            return amount_of(text, unit)
        except NotAnAmount as error:
            self.add_error(name, str(error))
            return None
