"""Looks at a manifest before the registry does, and says why it may not be put or deleted.

Nothing is refused that the registry would not let through anyhow: without a good token for the
repository the request goes on, and the registry asks for one in its own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from apps.accounts.services import record_audit
from apps.policies import backends
from apps.policies.models import Quota
from apps.policies.ports import RegistryEditPort
from apps.policies.rules import deciding
from apps.policies.rules.deciding import ImageRuleFact, TagRuleFact
from apps.policies.selectors.facts import image_rules_for, quota_of, tag_rules_for
from apps.policies.services.quotas import Arrival, admit
from apps.policies.services.weighing import Part, blobs_of, config_of, image_refusal
from apps.registry.ports import ManifestInfo
from apps.registry.rights import namespace_of
from apps.registry.selectors import person_named, tags_of_digest, tags_over_digest
from apps.registry.services.bearer import Bearer, read_bearer, role_of
from apps.registry.services.reading import read_manifest
from apps.webhooks.services import raise_event
from dce_portal.errors import InvalidInput
from dce_portal.operations import Target
from dce_portal.origin import Origin

PATH = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)")
NEEDED = {"PUT": "push", "DELETE": "delete"}
DENIED, INVALID = "DENIED", "MANIFEST_INVALID"
# How long two that make the same tag at once are told apart: by then the registry has the first.
SAME_TAG_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a manifest, as nginx handed it over."""

    method: str
    path: str
    authorization: str
    media_type: str
    body: bytes
    address: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the client is told, in the registry's form."""

    message: str
    code: str = DENIED
    status: int = 403
    is_for_quota: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """The request once it is understood, and by whom it comes."""

    asked: Asked
    bearer: Bearer
    repository: str
    reference: str

    @property
    def is_tag(self) -> bool:
        """A digest has a colon, a tag none."""
        return ":" not in self.reference


def look_at(asked: Asked) -> Refusal | None:
    """Why the request is refused; None when it may go on to the registry."""
    match = PATH.fullmatch(_plain_path(asked.path))
    repository = match["name"] if match else ""
    if match is None or namespace_of(repository) is None:
        return Refusal(_("no repository has this name"), "NAME_INVALID", 400)
    bearer = read_bearer(asked.authorization)
    if bearer is None or NEEDED[asked.method] not in bearer.actions.get(repository, ()):
        return None
    case = _Case(asked=asked, bearer=bearer, repository=repository, reference=match["reference"])
    refusal = _deletion(case) if asked.method == "DELETE" else _push(case)
    if refusal is not None:
        _record(case, refusal)
    return refusal


def _plain_path(path: str) -> str:
    """The very bytes that the registry will see, decoded once as it does; no dots to go up by."""
    plain = unquote(path.partition("?")[0], errors="replace")
    return "" if "/../" in plain or "//" in plain or "/./" in plain else plain


def _deletion(case: _Case) -> Refusal | None:
    rules = tag_rules_for(case.repository)
    if not rules:
        return None
    role = role_of(case.bearer, case.repository)
    for tag in sorted(_tags_leading_to(case)):
        if why := deciding.refused_tag(rules, tag=tag, role=role, verb="delete"):
            return Refusal(why)
    return None


def _tags_leading_to(case: _Case) -> frozenset[str]:
    """The tags that would go, or lose a platform; a digest may stand in an index that has them."""
    if case.is_tag:
        return frozenset((case.reference,))
    own = tags_of_digest(case.repository, digest=case.reference)
    return own | tags_over_digest(case.repository, digest=case.reference)


def _push(case: _Case) -> Refusal | None:
    tag_rules = tag_rules_for(case.repository) if case.is_tag else ()
    image_rules = image_rules_for(case.repository)
    quota = quota_of(case.repository.partition("/")[0])
    if not (tag_rules or image_rules or quota):
        return None
    try:
        manifest = read_manifest(case.asked.body, media_type=case.asked.media_type)
    except InvalidInput as error:
        return Refusal(error.message, INVALID, 400)
    with backends.open_edit() as registry:
        return _weigh(case, manifest, registry, (tag_rules, image_rules, quota))


def _weigh(
    case: _Case,
    manifest: ManifestInfo,
    registry: RegistryEditPort,
    policies: tuple[tuple[TagRuleFact, ...], tuple[ImageRuleFact, ...], Quota | None],
) -> Refusal | None:
    tag_rules, image_rules, quota = policies
    is_new_tag = False
    if case.is_tag and (tag_rules or quota):
        current = registry.tag_digest(case.repository, case.reference)
        is_new_tag = current is None
        if current != manifest.digest and (why := _tag(case, tag_rules, is_new=is_new_tag)):
            return Refusal(why)
        if is_new_tag and tag_rules and not _is_first(case, manifest):
            return Refusal(_("somebody else is pushing this tag at this moment; try again"))
    if image_rules and (why := _image(case, manifest, registry, image_rules)):
        return Refusal(why)
    if quota is None:
        return None
    new_tag = case.reference if is_new_tag else ""
    arrival = Arrival(repository=case.repository, blobs=blobs_of(manifest), new_tag=new_tag)
    why = admit(quota, arrival)
    return Refusal(why, is_for_quota=True) if why else None


def _is_first(case: _Case, manifest: ManifestInfo) -> bool:
    """False where another manifest is on its way under the same new tag; not known while Redis is away."""
    place = f"guard:new-tag:{case.repository}:{case.reference}"
    try:
        is_new = cache.add(place, manifest.digest, SAME_TAG_S)
        return is_new or cache.get(place) in (None, manifest.digest)
    except RedisError:
        return True


def _tag(case: _Case, rules: tuple[TagRuleFact, ...], *, is_new: bool) -> str | None:
    role = role_of(case.bearer, case.repository)
    verb = "create" if is_new else "overwrite"
    return deciding.refused_tag(rules, tag=case.reference, role=role, verb=verb)


def _image(
    case: _Case,
    manifest: ManifestInfo,
    registry: RegistryEditPort,
    rules: tuple[ImageRuleFact, ...],
) -> str | None:
    digest = config_of(manifest)
    config = registry.config(case.repository, digest) if digest else {}
    return image_refusal(rules, Part(manifest, config))


def _record(case: _Case, refusal: Refusal) -> None:
    origin = Origin(
        actor=person_named(case.bearer.subject),
        address=case.asked.address,
        credential="registry token",
    )
    detail = {
        "reason": refusal.message,
        "method": case.asked.method,
        "subject": case.bearer.subject,
    }
    target = Target("repository", "", f"{case.repository}:{case.reference}"[:250])
    record_audit("registry.refuse", origin=origin, target=target, result="denied", detail=detail)
    if refusal.is_for_quota:
        told = {"reference": case.reference, "who": case.bearer.subject, "reason": refusal.message}
        raise_event("quota", told, repository=case.repository)
