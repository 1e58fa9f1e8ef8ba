"""How pages write sizes, cores, moments, ids, states and things to copy; also called by admin classes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dce_portal import docker_words

register = template.Library()

NOTHING = "–"
BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
SHORT_ID = 12
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400

# A state never speaks by colour alone: each tone has a shape, and a word stands beside it.
SHAPES = {"good": "●", "late": "▲", "bad": "■", "busy": "◆", "off": "○"}
TONES = {
    "good": {"ready", "running", "active", "complete", "succeeded", "healthy", "completed"},
    "late": {
        "late",
        "pause",
        "paused",
        "stale",
        "unknown",
        "starting",
        "restarting",
        "rollback",
        "warning",
    },
    "bad": {"down", "failed", "rejected", "dead", "unhealthy", "disconnected", "orphaned", "error"},
    "busy": {"pending", "preparing", "assigned", "accepted", "queued", "updating", "new"},
}


@register.filter
def bytes_human(value: float | None) -> str:
    """A size in the binary unit that fits: 1.5 GiB."""
    if value is None:
        return NOTHING
    size, unit = float(value), 0
    while abs(size) >= 1024 and unit < len(BYTE_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    digits = 0 if unit == 0 or abs(size) >= 100 else 1
    return f"{number_format(round(size, digits), decimal_pos=digits)} {BYTE_UNITS[unit]}"


@register.filter
def cores(value: float | None) -> str:
    """Processor time as cores: 0.42 cores."""
    if value is None:
        return NOTHING
    digits = 2 if abs(value) < 10 else 1
    number = number_format(round(float(value), digits), decimal_pos=digits)
    return _("%(number)s cores") % {"number": number}


@register.filter
def whole_cores(value: int) -> str:
    """The same without decimals, for limits and for scripts that put another number in its place."""
    return _("%(number)s cores") % {"number": value}


@register.filter
def ago(moment: datetime | None) -> str | SafeString:
    """How long ago, with the exact moment on hover; the browser keeps it moving."""
    if moment is None:
        return NOTHING
    exact = date_format(timezone.localtime(moment), "Y-m-d H:i:s T")
    age_s = (timezone.now() - moment).total_seconds()
    return format_html(
        '<time class="dce-ago" datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact,
        age_in_words(age_s),
    )


def age_in_words(age_s: float) -> str:
    """A duration in its largest unit: 42 s ago."""
    seconds = max(0, int(age_s))
    if seconds < MINUTE_S:
        return _("%(n)d s ago") % {"n": seconds}
    if seconds < HOUR_S:
        return _("%(n)d min ago") % {"n": seconds // MINUTE_S}
    if seconds < DAY_S:
        return _("%(n)d h ago") % {"n": seconds // HOUR_S}
    days = seconds // DAY_S
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


@register.filter
def short_id(value: str | None) -> str:
    """The first twelve characters of an id or digest, without its algorithm."""
    return str(value or "").rpartition(":")[2][:SHORT_ID]


@register.filter
def middle(value: str, length: int = 40) -> str:
    """Long text shortened in the middle, where people look least."""
    text = str(value)
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[-(length - 1 - head) :]}"


@register.filter
def without_digest(image: str) -> str:
    """An image's name as a person wrote it: team/app:1 of team/app:1@sha256:…"""
    return str(image).partition("@")[0]


@register.filter
def duration(seconds: float | None) -> str:
    """How long something took: 0.4 s, 42 s, 3 min 4 s, 2 h 5 min."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return _("%(n)s s") % {"n": number_format(round(seconds, 1), decimal_pos=1)}
    whole = int(seconds)
    if whole < MINUTE_S:
        return _("%(n)s s") % {"n": whole}
    if whole < HOUR_S:
        return _("%(min)d min %(s)d s") % {"min": whole // MINUTE_S, "s": whole % MINUTE_S}
    return _("%(h)d h %(min)d min") % {"h": whole // HOUR_S, "min": whole % HOUR_S // MINUTE_S}


@register.filter
def percent(value: float | None, whole: float | None) -> str:
    """One number as a share of another."""
    if value is None or not whole:
        return NOTHING
    return f"{number_format(round(100 * value / whole), decimal_pos=0)} %"


@register.filter
def unlocalized(value: float) -> str:
    """A number as style sheets and scripts read it, whatever the language."""
    return f"{float(value):.4f}"


@register.simple_tag
def page(model: str, key: int | None = None) -> str:
    """The admin page of a model, `app_model`, or of one of its rows; nothing where there is none."""
    view = f"admin:{model}_changelist" if key is None else f"admin:{model}_change"
    try:
        return reverse(view, args=[] if key is None else [key])
    except NoReverseMatch:
        return ""


@register.filter
def tone_of(state: str) -> str:
    """Which of the tones a word of Docker's belongs to."""
    return next((tone for tone, words in TONES.items() if str(state).lower() in words), "off")


@register.filter
def shape_of(tone: str) -> str:
    """The shape that stands beside a tone's colour."""
    return SHAPES.get(tone, SHAPES["off"])


@register.filter
def in_words(word: str) -> str:
    """A word of Docker's in the reader's language."""
    return docker_words.in_words(word)


@register.inclusion_tag("components/state.html")
def state(tone: str, word: str, title: str = "") -> dict[str, Any]:
    """A state as shape, colour and word."""
    return {"tone": tone, "shape": SHAPES.get(tone, SHAPES["off"]), "word": word, "title": title}


@register.inclusion_tag("components/copy.html")
def copy(text: str, label: str = "") -> dict[str, Any]:
    """A command or an id with the button that copies it."""
    return {"text": text, "label": label}
