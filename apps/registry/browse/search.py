"""Search across all repositories and tags: by the beginning of a word of a name, of a label, or of a digest.

Every condition is answered by an index and every list is bounded, however much the registry holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from apps.registry import selectors
from apps.registry.models import Manifest, Repository, SearchTerm, Tag

MOST_FOUND = 50
LONGEST_QUERY = 200
HEX = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")
HIGHEST = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, and whether there was more."""

    query: str
    repositories: tuple[Repository, ...] = ()
    tags: tuple[Tag, ...] = ()
    is_cut: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.repositories or self.tags)


def begins_with(field: str, text: str) -> Q:
    """A condition that an index answers: SQLite uses none for its own LIKE, PostgreSQL none for a range."""
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": text + HIGHEST})
    return Q(**{f"{field}__startswith": text})


def search(user: selectors.Person, query: str) -> Found:
    """Repositories and tags that the person may pull, for what was typed; `name:tag` narrows both."""
    text = query.replace("\0", "").strip()[:LONGEST_QUERY]
    if len(text) < 2:
        return Found(query=text)
    repositories = _first(repositories_matching(user, text))
    tags = _first(tags_matching(user, text))
    return Found(
        query=text,
        repositories=tuple(repositories[:MOST_FOUND]),
        tags=tuple(tags[:MOST_FOUND]),
        is_cut=max(len(repositories), len(tags)) > MOST_FOUND,
    )


def _first(rows: QuerySet[Any]) -> list[Any]:
    return list(rows[: MOST_FOUND + 1])


def repositories_matching(user: selectors.Person, text: str) -> QuerySet[Repository]:
    """By the beginning of the name or of a word in it."""
    visible = selectors.with_tag_counts(selectors.repositories_visible_to(user))
    return visible.filter(name_matches(text)).order_by("name")


def name_matches(text: str) -> Q:
    """A condition on repositories."""
    terms = SearchTerm.objects.filter(begins_with("text", text.lower()), kind=SearchTerm.Kind.NAME)
    return Q(pk__in=terms.values("repository"))


def tags_matching(user: selectors.Person, text: str) -> QuerySet[Tag]:
    """By tag, by `repository:tag`, by a label of the image, or by digest or image id."""
    return selectors.tags_visible_to(user).filter(tag_matches(text)).order_by(F("pk").desc())


def tag_matches(text: str) -> Q:
    """A condition on tags; each part of it is a list of keys that an index gives."""
    name, colon, tag = text.rpartition(":")
    if colon and name and not HEX.fullmatch(text):
        return Q(repository__in=_named(name), pk__in=_tags(begins_with("name", tag)))
    found = Q(pk__in=_tags(begins_with("name", text)))
    found |= Q(manifest__in=_labelled(text))
    hexadecimal = HEX.fullmatch(text.lower())
    if hexadecimal:
        found |= Q(manifest__in=_by_digest(f"sha256:{hexadecimal[1]}"))
    return found


def _tags(condition: Q) -> QuerySet[Any]:
    return Tag.objects.filter(condition).order_by().values("pk")


def named(text: str) -> Q:
    """A condition on tags: those of repositories whose name has such a word."""
    return Q(repository__in=_named(text))


def _named(text: str) -> QuerySet[Any]:
    return Repository.objects.filter(name_matches(text)).order_by().values("pk")


def _labelled(text: str) -> QuerySet[Any]:
    words = begins_with("text", text.lower())
    return SearchTerm.objects.filter(words, kind=SearchTerm.Kind.LABEL).values("manifest")


def _by_digest(digest: str) -> QuerySet[Any]:
    condition = begins_with("digest", digest) | begins_with("config_digest", digest)
    return Manifest.objects.filter(condition).order_by().values("pk")
