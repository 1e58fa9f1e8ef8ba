"""Repositories and their tags, with the commands that pull them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.registry import pages, selectors
from apps.registry.admin.artifact import tabs
from apps.registry.admin.browsing import RepositoryPages
from apps.registry.admin.visible import VisibleRowsAdmin, chips, copyable
from apps.registry.browse.search import name_matches, named, tag_matches
from apps.registry.extensions import marks_of
from apps.registry.hosts import registry_host
from apps.registry.models import Repository, Tag
from dce_portal.paginator import BoundedPaginator
from dce_portal.templatetags.portal import NOTHING, ago, bytes_human, short_id

Column = Callable[[Tag], SafeString]
MOST_CHOICES = 100


class NamespaceFilter(admin.SimpleListFilter):
    """One namespace; offered by name while there are few, kept as a filter however many there are."""

    title = _("namespace")
    parameter_name = "namespace__id__exact"
    path = "namespace"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """The first namespaces that the person may see, and the one that is chosen."""
        visible = selectors.namespaces_visible_to(request.user).order_by("name")
        rows = list(visible.values_list("pk", "name")[:MOST_CHOICES])
        chosen = request.GET.get(self.parameter_name, "")
        if chosen.isascii() and chosen[:18].isdigit() and int(chosen[:18]) not in dict(rows):
            rows += visible.filter(pk=int(chosen[:18])).values_list("pk", "name")
        return [(str(pk), name) for pk, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By key; what is none gives nothing."""
        value = self.value()
        if value is None:
            return queryset
        is_key = value.isascii() and value.isdigit() and len(value) < 19
        return queryset.filter(**{self.path: int(value)}) if is_key else queryset.none()


class TagNamespaceFilter(NamespaceFilter):
    """The same for tags."""

    parameter_name = "repository__namespace__id__exact"
    path = "repository__namespace"


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
class RepositoryAdmin(RepositoryPages, VisibleRowsAdmin):
    """Repositories that the person may pull."""

    list_display = ("name", "size", "tag_count", "pushed", "pulled", "pull_count", "presence")
    list_filter = (NamespaceFilter, MissingFilter)
    search_fields = ("name",)
    search_help_text = _("The beginning of a name or of a word in it")
    paginator = BoundedPaginator
    fields = ("name",)
    list_before_template = "registry/empty_repositories.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Repository]:
        """All that the person may see, with their counts."""
        return selectors.with_tag_counts(selectors.repositories_visible_to(request.user))

    def page_of(self, request: HttpRequest, row: Repository) -> Mapping[str, Any]:
        """Size, role, tags with their pull commands, and grants."""
        page = pages.repository_page(request.user, row)
        return {**page, "registry_host": registry_host(request), "all_tags": tags_of(row)}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Repository], search_term: str
    ) -> tuple[QuerySet[Repository], bool]:
        """By words that are indexed."""
        term = search_term.strip()
        return (queryset.filter(name_matches(term)) if term else queryset), False

    @admin.display(description=_("size"), ordering="stored_bytes")
    def size(self, repository: Repository) -> str:
        """Each blob once."""
        return bytes_human(repository.stored_bytes)

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

    list_filter = (TagNamespaceFilter, MissingFilter)
    search_fields = ("name",)
    search_help_text = _("The beginning of a tag, a label or a digest; or repository:tag")
    paginator = BoundedPaginator
    fields = ("name",)
    list_before_template = "registry/empty_repositories.html"
    ordering = ("-pushed_at", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        """All that the person may see."""
        return selectors.tags_visible_to(request.user)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Tag], search_term: str
    ) -> tuple[QuerySet[Tag], bool]:
        """By words that are indexed, and by repositories as before."""
        term = search_term.strip()
        return (queryset.filter(tag_matches(term) | named(term)) if term else queryset), False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """With the pull command under the name that the person used."""
        facts = ["full_name", "size", "digest", "platforms", "pushed", "pushed_by", "pulled"]
        return [*facts, pull_field(request)]

    def page_of(self, request: HttpRequest, row: Tag) -> Mapping[str, Any]:
        """The commands first, then platforms and layers."""
        facts = {**pages.tag_page(request.user, row), "registry_host": registry_host(request)}
        return {**facts, "marks": marks_of([row]).get(row.pk, ()), "tabs": tabs(request, facts)}

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


def pull_field(request: HttpRequest) -> Column:
    """A column with the pull command as this person would type it."""
    host = registry_host(request)

    def pull_by_tag(tag: Tag) -> SafeString:
        return copyable(f"docker pull {host}/{tag}")

    pull_by_tag.short_description = _("pull command")  # type: ignore[attr-defined]  # Django's own hook
    return pull_by_tag


def tags_of(repository: Repository) -> str:
    """The address of a repository's tags."""
    return f"{reverse('admin:registry_tag_changelist')}?repository__id__exact={repository.pk}"


def presence_of(row: Repository) -> str | SafeString:
    """In words; what is missing keeps its row."""
    if row.missing_since is None:
        return gettext("present")
    return format_html(gettext("missing since {}"), ago(row.missing_since))
