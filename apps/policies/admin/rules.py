"""Rules for tags and images, and quotas."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.policies.admin.base import PolicyAdmin
from apps.policies.forms.rules import ImageRuleForm, QuotaForm, TagRuleForm
from apps.policies.models import ImageRule, Quota, TagRule
from apps.policies.pages.deletion import DeletionPages
from apps.policies.selectors.visible import with_tag_totals
from dce_portal.admin_site import display
from dce_portal.templatetags.portal import NOTHING, ago, bytes_human

KIND_LABELS = {"immutable": "success", "protected": "info"}


@admin.register(TagRule)
class TagRuleAdmin(DeletionPages, PolicyAdmin):
    """Immutable and protected tags."""

    form = TagRuleForm
    list_display = ("place_shown", "tags", "kind_label", "rights", "is_enabled")
    search_fields = ("namespace__name", "repositories", "tags")
    list_before_template = "policies/tag_rules_before.html"
    fieldsets = (
        (_("Which tags"), {"fields": ("namespace", "repositories", "tags", "is_enabled")}),
        (
            _("How they are held"),
            {
                "fields": ("kind", "who_creates", "who_overwrites", "who_deletes"),
                "description": _(
                    "Making a tag, moving it to another image and deleting it are three rights."
                    " For immutable tags the roles play no part."
                ),
            },
        ),
    )

    @display(description=_("repositories"), ordering="namespace__name")
    def place_shown(self, rule: TagRule) -> str:
        """Where it holds."""
        return rule.place

    @display(description=_("kind"), ordering="kind", label=KIND_LABELS)
    def kind_label(self, rule: TagRule) -> tuple[str, str]:
        """One word."""
        words = {"immutable": gettext("immutable"), "protected": gettext("protected")}
        return rule.kind, words[rule.kind]

    @display(description=_("create / overwrite / delete"))
    def rights(self, rule: TagRule) -> str:
        """The least role for each."""
        if rule.kind == TagRule.Kind.IMMUTABLE:
            return gettext("once / never / never")
        who = (rule.who_creates, rule.who_overwrites, rule.who_deletes)
        return " / ".join(gettext(word) for word in who)


@admin.register(ImageRule)
class ImageRuleAdmin(PolicyAdmin):
    """Allowed platforms and sizes."""

    form = ImageRuleForm
    list_display = ("place_shown", "platforms_shown", "size_shown", "is_enabled")
    search_fields = ("namespace__name", "repositories", "platforms")
    list_before_template = "policies/image_rules_before.html"
    fieldsets = (
        (_("Which repositories"), {"fields": ("namespace", "repositories", "is_enabled")}),
        (_("What may come in"), {"fields": ("platforms", "most_bytes")}),
    )

    @display(description=_("repositories"), ordering="namespace__name")
    def place_shown(self, rule: ImageRule) -> str:
        """Where it holds."""
        return rule.place

    @display(description=_("platforms"), ordering="platforms")
    def platforms_shown(self, rule: ImageRule) -> str:
        """As they were given."""
        return rule.platforms or gettext("all")

    @display(description=_("largest image"), ordering="most_bytes")
    def size_shown(self, rule: ImageRule) -> str:
        """With a unit."""
        return NOTHING if rule.most_bytes is None else bytes_human(rule.most_bytes)


@admin.register(Quota)
class QuotaAdmin(PolicyAdmin):
    """How much namespaces may hold."""

    form = QuotaForm
    list_display = ("namespace", "bytes_shown", "tags_shown", "counted")
    list_filter = ()
    search_fields = ("namespace__name",)
    list_before_template = "policies/quotas_before.html"
    fieldsets = ((None, {"fields": ("namespace", "most_bytes", "most_tags")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quota]:
        """With their tags, counted for the rows of one page only."""
        return with_tag_totals(super().get_queryset(request))

    @display(description=_("bytes"), ordering="used_bytes")
    def bytes_shown(self, quota: Quota) -> str | SafeString:
        """Used of allowed, with a bar."""
        return _of(quota.used_bytes, quota.most_bytes, bytes_human(quota.used_bytes), bytes_human)

    @display(description=_("tags"))
    def tags_shown(self, quota: Quota) -> str | SafeString:
        """Used of allowed, with a bar."""
        used: int = quota.tag_total  # type: ignore[attr-defined]  # annotated by the selector
        return _of(used, quota.most_tags, str(used), str)

    @display(description=_("counted"), ordering="counted_at")
    def counted(self, quota: Quota) -> str | SafeString:
        """How long ago."""
        return ago(quota.counted_at)


def _of(used: int, most: int | None, shown: str, unit: object) -> str | SafeString:
    if most is None:
        return shown
    share = min(100, round(100 * used / most)) if most else 100
    text = gettext("%(used)s of %(most)s") % {"used": shown, "most": unit(most)}  # type: ignore[operator]  # a filter
    return format_html(
        '<span class="dce-quota"><progress max="100" value="{}" aria-label="{}"></progress> {}</span>',
        share,
        text,
        text,
    )
