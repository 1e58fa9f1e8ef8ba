"""Repositories and their tags, with the commands that pull them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.registry import selectors
from apps.registry.admin.visible import VisibleRowsAdmin, chips, copyable
from apps.registry.hosts import registry_host
from apps.registry.models import Repository, Tag
from dce_portal.templatetags.portal import NOTHING, ago, bytes_human, short_id

LATEST_TAGS = 20

Column = Callable[[Tag], str | SafeString]


def pull_column(host: str, *, by_digest: bool, description: Promise) -> Column:
    """A column with the pull command as this person would type it."""

    def command(tag: Tag) -> SafeString:
        reference = f"@{tag.manifest.digest}" if by_digest else f":{tag.name}"
        return copyable(f"docker pull {host}/{tag.repository.name}{reference}")

    command.__name__ = "pull_by_digest" if by_digest else "pull_by_tag"
    command.short_description = description  # type: ignore[attr-defined]  # Django's own hook
    return command


class MissingFilter(admin.SimpleListFilter):
    """Whether the registry still lists it."""

    title = _("in the registry")
    parameter_name = "missing"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Two answers."""
        return [("no", gettext("present")), ("yes", gettext("missing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter by `missing_since`."""
        if self.value() is None:
            return queryset
        return queryset.filter(missing_since__isnull=self.value() == "no")


@admin.register(Repository)
class RepositoryAdmin(VisibleRowsAdmin):
    """Repositories that the person may pull."""

    list_display = ("name", "tag_count", "pushed", "pulled", "pull_count", "presence")
    list_filter = (("namespace", RelatedOnlyFieldListFilter), MissingFilter)
    search_fields = ("name", "description")
    list_before_template = "registry/empty_repositories.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Repository]:
        """All that the person may see, with their counts."""
        return selectors.with_tag_counts(selectors.repositories_visible_to(request.user))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """The facts, and the latest tags."""
        facts = ["name", "namespace", "description", "pushed", "pulled", "pull_count", "presence"]
        return [*facts, latest_tags_field(request)]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """All of them."""
        return self.get_fields(request, obj)

    @admin.display(description=_("tags"))
    def tag_count(self, repository: Repository) -> SafeString:
        """How many, linked to their list."""
        count: int = repository.tag_count  # type: ignore[attr-defined]  # annotated by the selector
        return format_html('<a class="dce-link" href="{}">{}</a>', tags_of(repository), count)

    @admin.display(description=_("last push"), ordering="last_pushed_at")
    def pushed(self, repository: Repository) -> str:
        """How long ago."""
        return ago(repository.last_pushed_at)

    @admin.display(description=_("last pull"), ordering="last_pulled_at")
    def pulled(self, repository: Repository) -> str:
        """How long ago."""
        return ago(repository.last_pulled_at)

    @admin.display(description=_("in the registry"))
    def presence(self, repository: Repository) -> str | SafeString:
        """Present, or missing since when."""
        return presence_of(repository)


@admin.register(Tag)
class TagAdmin(VisibleRowsAdmin):
    """Tags of repositories that the person may pull."""

    list_filter = (("repository__namespace", RelatedOnlyFieldListFilter), MissingFilter)
    search_fields = ("repository__name", "name", "manifest__digest")
    search_help_text = _("Repository, tag or digest")
    list_before_template = "registry/empty_repositories.html"
    ordering = ("-pushed_at", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """All that the person may see."""
        return selectors.tags_visible_to(request.user)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """With the pull command under the name that the person used."""
        facts = ["full_name", "size", "digest", "platforms", "pushed", "pushed_by", "pulled"]
        return [*facts, pull_field(request)]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """The commands first, then the facts."""
        host = registry_host(request)
        exact = pull_column(host, by_digest=True, description=_("pull exactly this one"))
        facts = ["size", "digest", "media_type", "platforms", "pushed", "pushed_by", "pulled"]
        return ["full_name", pull_field(request), exact, *facts, "presence"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """All of them."""
        return self.get_fields(request, obj)

    @admin.display(description=_("tag"), ordering="repository__name")
    def full_name(self, tag: Tag) -> str:
        """As docker writes it."""
        return str(tag)

    @admin.display(description=_("size"), ordering="manifest__size_bytes")
    def size(self, tag: Tag) -> str:
        """Of all layers, compressed as they are stored."""
        return bytes_human(tag.manifest.size_bytes) if tag.manifest.is_complete else NOTHING

    @admin.display(description=_("digest"))
    def digest(self, tag: Tag) -> SafeString:
        """Shortened, and copied whole."""
        return copyable(tag.manifest.digest, label=short_id(tag.manifest.digest))

    @admin.display(description=_("media type"))
    def media_type(self, tag: Tag) -> str:
        """Of the manifest."""
        return tag.manifest.media_type

    @admin.display(description=_("platforms"))
    def platforms(self, tag: Tag) -> str:
        """Side by side."""
        return chips(tag.manifest.platforms)

    @admin.display(description=_("pushed"), ordering="pushed_at")
    def pushed(self, tag: Tag) -> str:
        """How long ago."""
        return ago(tag.pushed_at)

    @admin.display(description=_("last pull"), ordering="manifest__last_pulled_at")
    def pulled(self, tag: Tag) -> str:
        """How long ago, of the manifest."""
        return ago(tag.manifest.last_pulled_at)

    @admin.display(description=_("in the registry"))
    def presence(self, tag: Tag) -> str | SafeString:
        """Present, or missing since when."""
        return presence_of(tag)


def pull_field(request: HttpRequest) -> Column:
    """The pull command by tag."""
    return pull_column(registry_host(request), by_digest=False, description=_("pull command"))


def tags_of(repository: Repository) -> str:
    """The address of a repository's tags."""
    return f"{reverse('admin:registry_tag_changelist')}?repository__id__exact={repository.pk}"


def presence_of(row: Repository | Tag) -> str | SafeString:
    """In words; what is missing keeps its row."""
    if row.missing_since is None:
        return gettext("present")
    return format_html(gettext("missing since {}"), ago(row.missing_since))


def latest_tags_field(request: HttpRequest) -> Callable[[Repository], SafeString]:
    """A field with the repository's latest tags."""

    def latest_tags(repository: Repository) -> SafeString:
        tags = selectors.tags_visible_to(request.user).filter(repository=repository)
        context = {
            "tags": tags[:LATEST_TAGS],
            "all_tags": tags_of(repository),
            "registry_host": registry_host(request),
            "repository": repository,
        }
        return render_to_string("registry/latest_tags.html", context)

    latest_tags.short_description = _("latest tags")  # type: ignore[attr-defined]  # Django's own hook
    return latest_tags
