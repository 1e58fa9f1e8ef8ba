"""Whether a manifest may be put or deleted: pure, from what is handed in; every refusal is a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.policies.rules.patterns import matches, split

RANKS = {"reader": 0, "writer": 1, "maintainer": 2, "owner": 3, "nobody": 4}
IMMUTABLE = "immutable"
UNKNOWN_PLATFORM = "unknown/unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRuleFact:
    """A rule for tags, as far as it concerns this repository."""

    kind: str
    tags: str
    who_creates: str = "writer"
    who_overwrites: str = "maintainer"
    who_deletes: str = "maintainer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRuleFact:
    """A rule for images, as far as it concerns this repository."""

    platforms: str = ""
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFact:
    """What is known of an image that comes: each platform of an index, or the image's own."""

    platforms: tuple[str, ...] = ()
    size_bytes: int = 0
    is_image: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFact:
    """What a namespace holds, what would come, and how much it may hold."""

    namespace: str
    used_bytes: int = 0
    new_bytes: int = 0
    most_bytes: int | None = None
    used_tags: int = 0
    new_tags: int = 0
    most_tags: int | None = None


def refused_tag(rules: Iterable[TagRuleFact], *, tag: str, role: str, verb: str) -> str | None:
    """Why this tag may not be created, overwritten or deleted by this role; None when it may."""
    for rule in rules:
        if matches(rule.tags, tag) and (why := _refused_by(rule, tag, role, verb)):
            return why
    return None


def _refused_by(rule: TagRuleFact, tag: str, role: str, verb: str) -> str | None:
    if rule.kind == IMMUTABLE:
        return None if verb == "create" else _immutable(tag, verb)
    needed = {
        "create": rule.who_creates,
        "overwrite": rule.who_overwrites,
        "delete": rule.who_deletes,
    }[verb]
    if RANKS.get(role, 0) >= RANKS.get(needed, RANKS["nobody"]):
        return None
    return _protected(tag, verb, needed)


def _immutable(tag: str, verb: str) -> str:
    if verb == "delete":
        return _("the tag %(tag)s is immutable and cannot be deleted") % {"tag": tag}
    return _("the tag %(tag)s is immutable and exists already; push under another tag") % {
        "tag": tag
    }


def _protected(tag: str, verb: str, needed: str) -> str:
    values = {"tag": tag, "role": needed}
    if needed == "nobody":
        return {
            "create": _("the tag %(tag)s is protected: nobody may create it"),
            "overwrite": _("the tag %(tag)s is protected: nobody may overwrite it"),
            "delete": _("the tag %(tag)s is protected: nobody may delete it"),
        }[verb] % values
    return {
        "create": _("the tag %(tag)s is protected: creating it needs the role %(role)s"),
        "overwrite": _("the tag %(tag)s is protected: overwriting it needs the role %(role)s"),
        "delete": _("the tag %(tag)s is protected: deleting it needs the role %(role)s"),
    }[verb] % values


def refused_image(rules: Sequence[ImageRuleFact], image: ImageFact) -> str | None:
    """Why an image of these platforms and this size may not come; None when it may."""
    for rule in rules:
        why = _wrong_platform(rule, image) or _too_large(rule, image)
        if why:
            return why
    return None


def _wrong_platform(rule: ImageRuleFact, image: ImageFact) -> str | None:
    allowed = split(rule.platforms)
    if not allowed or not image.is_image:
        return None
    for platform in image.platforms or ("",):
        if platform != UNKNOWN_PLATFORM and not any(_is_of(platform, one) for one in allowed):
            return _("images for %(platform)s are not allowed here; allowed: %(allowed)s") % {
                "platform": platform or _("an unnamed platform"),
                "allowed": ", ".join(allowed),
            }
    return None


def _is_of(platform: str, allowed: str) -> bool:
    """A platform includes its variants: linux/arm allows linux/arm/v7."""
    return platform == allowed or platform.startswith(f"{allowed}/")


def _too_large(rule: ImageRuleFact, image: ImageFact) -> str | None:
    if rule.most_bytes is None or image.size_bytes <= rule.most_bytes:
        return None
    return _("the image has %(size)s, and at most %(most)s are allowed here") % {
        "size": in_units(image.size_bytes),
        "most": in_units(rule.most_bytes),
    }


def refused_by_quota(quota: QuotaFact) -> str | None:
    """Why a namespace takes no more; None when it does. What adds nothing is never refused."""
    return _too_many_tags(quota) or _too_many_bytes(quota)


def _too_many_tags(quota: QuotaFact) -> str | None:
    if quota.most_tags is None or not quota.new_tags:
        return None
    if quota.used_tags + quota.new_tags <= quota.most_tags:
        return None
    return _("the namespace %(name)s has %(used)s of the %(most)s tags that it may have") % {
        "name": quota.namespace,
        "used": quota.used_tags,
        "most": quota.most_tags,
    }


def _too_many_bytes(quota: QuotaFact) -> str | None:
    if quota.most_bytes is None or not quota.new_bytes:
        return None
    if quota.used_bytes + quota.new_bytes <= quota.most_bytes:
        return None
    return _("the namespace %(name)s holds %(used)s of its %(most)s; %(new)s more do not fit") % {
        "name": quota.namespace,
        "used": in_units(quota.used_bytes),
        "most": in_units(quota.most_bytes),
        "new": in_units(quota.new_bytes),
    }


def in_units(size_bytes: int) -> str:
    """As clients print sizes: plain text, no narrow spaces."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
