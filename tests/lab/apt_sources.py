"""Where this machine fetches Debian's packages, read from its own configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .host import LabError

FOLDER = Path("/etc/apt")
ARCHIVE_NAME = "debian"
SECURITY_SUFFIX = "-security"


@dataclass(frozen=True, slots=True)
class Source:
    """One suite at one address."""

    address: str
    suite: str

    @property
    def is_security(self) -> bool:
        """Whether it holds security updates alone."""
        return self.suite.endswith(SECURITY_SUFFIX)


def machine_sources(folder: Path = FOLDER) -> list[Source]:
    """All binary sources that the machine's apt uses."""
    found: list[Source] = []
    for path in (folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))):
        if path.suffix == ".sources":
            found.extend(_stanzas(path.read_text()))
        elif path.suffix == ".list" and path.exists():
            found.extend(_lines(path.read_text().splitlines()))
    return found


def debian_sources(release: str, sources: Iterable[Source]) -> list[Source]:
    """The release itself, then its security updates where the machine has an address of them."""
    known = [source for source in sources if ARCHIVE_NAME in source.address]
    mirrors = [source for source in known if not source.is_security]
    if not mirrors:
        raise LabError("This machine's apt knows no Debian mirror: add one to its sources.")
    security = [source for source in known if source.is_security]
    return [Source(mirrors[0].address, release)] + [
        Source(source.address, f"{release}{SECURITY_SUFFIX}") for source in security[:1]
    ]


def sources_list(sources: Iterable[Source]) -> str:
    """The text of a sources.list."""
    return "".join(f"deb {source.address} {source.suite} main\n" for source in sources)


def _stanzas(text: str) -> Iterator[Source]:
    for stanza in text.split("\n\n"):
        pairs = (line.partition(":") for line in stanza.splitlines() if line[:1] not in "# \t")
        fields = {name.strip().lower(): value.split() for name, _, value in pairs}
        if "deb" in fields.get("types", ()) and fields.get("enabled") != ["no"]:
            for suite in fields.get("suites", ()):
                yield Source(fields["uris"][0], suite)


def _lines(lines: Iterable[str]) -> Iterator[Source]:
    for line in lines:
        words = line.partition("]")[2].split() if "[" in line else line.split()[1:]
        if line.startswith("deb ") and len(words) >= 2:
            yield Source(words[0], words[1])
