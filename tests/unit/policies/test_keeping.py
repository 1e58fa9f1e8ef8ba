"""Which tags retention keeps, and for which reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apps.policies.rules.deciding import TagRuleFact
from apps.policies.rules.keeping import KeepRule, Reason, Surroundings, TagFact, judge
from apps.policies.rules.words import because

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def tag(name: str, *, days: float, pulled_days: float | None = None, digest: str = "") -> TagFact:
    """A tag pushed so many days ago."""
    pulled = None if pulled_days is None else NOW - timedelta(days=pulled_days)
    return TagFact(
        key=1,
        name=name,
        digest=digest or f"sha256:{name}",
        pushed_at=NOW - timedelta(days=days),
        pulled_at=pulled,
    )


def codes(tags: list[TagFact], *rules: KeepRule, **around: object) -> dict[str, list[str]]:
    """Reasons by tag."""
    found = judge(tags, rules=rules, around=Surroundings(**around), now=NOW)  # type: ignore[arg-type]  # as named
    return {one.tag.name: [reason.code for reason in one.reasons] for one in found}


def test_the_last_are_counted_among_those_a_rule_speaks_of() -> None:
    tags = [tag("v1", days=3), tag("v2", days=2), tag("v3", days=1), tag("dev", days=9)]
    found = codes(tags, KeepRule(tags="v*", keep_last=2))
    assert found == {"v3": ["last"], "v2": ["last"], "v1": [], "dev": ["no_rule"]}


def test_one_condition_of_one_rule_is_enough() -> None:
    tags = [tag("a", days=1), tag("b", days=50, pulled_days=2), tag("c", days=50, pulled_days=40)]
    found = codes(
        tags, KeepRule(younger_than_days=7), KeepRule(pulled_within_days=30, keep_matching="c*")
    )
    assert found == {"a": ["young"], "b": ["pulled"], "c": ["matching"]}


def test_a_tag_that_was_never_pulled_is_not_kept_by_pulls() -> None:
    assert codes([tag("a", days=50)], KeepRule(pulled_within_days=30)) == {"a": []}


def test_what_runs_and_what_is_immutable_stays_whatever_the_rules_say() -> None:
    tags = [
        tag("run", days=99),
        tag("held", days=99, digest="sha256:d"),
        tag("v1", days=99),
        tag("p1", days=99),
        tag("q1", days=99),
    ]
    found = codes(
        tags,
        KeepRule(keep_last=0),
        used_tags={"run"},
        used_digests={"sha256:d"},
        tag_rules=(
            TagRuleFact(kind="immutable", tags="v*"),
            TagRuleFact(kind="protected", tags="p*", who_deletes="nobody"),
            TagRuleFact(kind="protected", tags="q*", who_deletes="owner"),
        ),
    )
    assert found == {
        "run": ["in_use"],
        "held": ["in_use"],
        "v1": ["immutable"],
        "p1": ["protected"],
        "q1": [],
    }


def test_reasons_are_a_sentence() -> None:
    words = because([Reason("last", "3"), Reason("young", "1"), Reason("matching", "v*")])
    assert words == "it is one of the last 3; it was pushed within 1 day; it matches v*"


HEX = "a" * 64
SIGNATURE = f"sha256-{HEX}.sig"


def signed(**changes: object) -> TagFact:
    """An image that a signature is about."""
    return replace(tag("v1", days=99, digest=f"sha256:{HEX}"), **changes)


def test_a_signature_stays_with_its_image_and_takes_no_ones_place() -> None:
    tags = [signed(), tag(SIGNATURE, days=1)]
    assert codes(tags, KeepRule(keep_last=1)) == {"v1": ["last"], SIGNATURE: ["about"]}
    assert codes(tags, KeepRule(keep_matching="v*")) == {"v1": ["matching"], SIGNATURE: ["about"]}


def test_a_signature_goes_with_its_image_though_a_rule_would_keep_it() -> None:
    tags = [signed(), tag(SIGNATURE, days=1)]
    assert codes(tags, KeepRule(younger_than_days=7)) == {"v1": [], SIGNATURE: []}


def test_a_signature_of_one_platform_stays_with_the_index() -> None:
    index = tag("v2", days=1)
    tags = [replace(index, platforms=frozenset({f"sha256:{HEX}"})), tag(SIGNATURE, days=9)]
    assert codes(tags, KeepRule(keep_last=1)) == {"v2": ["last"], SIGNATURE: ["about"]}


def test_what_is_about_an_image_without_a_tag_stays_while_that_is_there() -> None:
    tags = [tag(SIGNATURE, days=9), tag(f"sha256-{HEX}", days=9)]
    found = codes(tags, KeepRule(), untagged={f"sha256:{HEX}"})
    assert set(map(tuple, found.values())) == {("about",)}
    assert codes(tags, KeepRule()) == {SIGNATURE: [], f"sha256-{HEX}": []}
