"""Gathers what the portal needs at run time, and nothing else, into a folder that becomes the image.

``slim.py TARGET``: the portal, its Python packages, Python's standard library, the servers, the
libraries that all of these load, and busybox for whoever looks inside.
"""

from __future__ import annotations

import compileall
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

PORTAL, VENV = Path("/opt/dce"), Path("/opt/venv")
STDLIB = Path(sysconfig.get_path("stdlib"))
PROGRAMS = (
    f"/usr/bin/python3.{sys.version_info.minor}",
    "/usr/bin/redis-server",
    "/usr/bin/docker-registry",
    "/usr/sbin/nginx",
    "/usr/bin/busybox",
)
# Where the build was asked for them.
EXTRAS = ("/usr/bin/skopeo",)
FOLDERS = (
    "/usr/share/zoneinfo",
    "/usr/lib/locale/C.utf8",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/mime.types",
)
MERGED = ("bin", "sbin", "lib", "lib64")
APPLETS = ("cat", "date", "df", "du", "env", "find", "grep", "head", "id", "ip", "kill", "less")
APPLETS += ("ls", "mkdir", "mv", "ping", "ps", "rm", "sh", "sleep", "sort", "tail", "tar", "top")
APPLETS += ("vi", "wc", "wget", "cp", "netstat", "nslookup")
USER_ID = 10001
PASSWD = f"root:x:0:0:root:/root:/bin/sh\ndce:x:{USER_ID}:{USER_ID}:DCE Portal:/data:/bin/sh\n"
GROUP = f"root:x:0:\ndce:x:{USER_ID}:\n"

# Folders by name that nothing loads at run time, wherever they are.
IDLE = re.compile(
    r"/(tests?|testing|__pycache__|idlelib|tkinter|turtledemo|ensurepip|pydoc_data|lib2to3"
    r"|config-3\.\d+-[^/]+|EXTERNALLY-MANAGED|zoneinfo/(posix|right))(/|$)"
)
# Kept although the name says tests: numpy's and Django's own code imports them.
LOADED = re.compile(r"/(django/test|numpy/testing|numpy/_core/tests/_natype\.py|unittest)(/|$)")
# Sources of what was gathered or compiled in the build, and what only builds use.
SPENT = (
    "/site-packages/babel",
    "/site-packages/drf_spectacular_sidecar/static",
    "/site-packages/unfold/static",
    "/site-packages/rest_framework/static",
    "/site-packages/django/contrib/admin/static",
    "/site-packages/django/contrib/gis",
    "/site-packages/aiohttp/test_utils.py",
    "/site-packages/aiohttp/pytest_plugin.py",
    "/site-packages/markdown/test_tools.py",
    "/site-packages/numpy/f2py",
    "/site-packages/numpy/testing/tests",
    "/site-packages/numpy/_core/include",
    "/site-packages/numpy/_core/lib",
    "/site-packages/numpy/_core/_simd.",
    # numpy loads these when they are first named, and the portal names none of them.
    "/site-packages/numpy/random/",
    "/site-packages/numpy/ma/",
    "/site-packages/numpy/polynomial/",
    "/site-packages/numpy/fft/",
    # Apps of allauth that are not installed here.
    "/site-packages/allauth/headless/",
    "/site-packages/allauth/idp/",
    "/site-packages/allauth/mfa/",
    "/static_collected/drf_spectacular_sidecar/redoc",
    # Of the API's pages to click through, which the portal does not serve.
    "/static_collected/rest_framework",
)
# Providers that are not OpenID Connect, and tables of terminals that nobody sits at.
UNNAMED = re.compile(
    r"/allauth/socialaccount/providers/(?!base/|oauth2/|openid_connect/)[^/]+/"
    r"|/wcwidth/table_grapheme_overrides/(?!__init__|_registry)[^/]+$"
)
# Other languages than the portal's, and what compilers read.
OTHERS = re.compile(
    r"/site-packages/.*/locale/(?!en/|zh_Hans/|theme/)[^/]+/|\.(po|pot|pyi|pyx|pxd|c|h|a)$"
)


def main(target: Path) -> None:
    """Fill the target folder."""
    for name in (
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "tmp",
        "data",
        "root",
        "etc",
        "run",
    ):
        (target / name).mkdir(parents=True, exist_ok=True)
    for name in MERGED:
        (target / name).symlink_to(f"usr/{name}")
    (target / "tmp").chmod(0o1777)
    (target / "etc/passwd").write_text(PASSWD)
    (target / "etc/group").write_text(GROUP)
    (target / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    extras = [name for name in EXTRAS if Path(name).exists()]
    copied = [*gather((str(STDLIB), str(PORTAL), str(VENV), *FOLDERS, *PROGRAMS, *extras), target)]
    gather_libraries(copied, target)
    link_names(target)
    compile_all(target)


def gather(places: Iterable[str], target: Path) -> Iterator[Path]:
    """Copy files and folders as they are, without what nothing loads; yields each source file."""
    for place in places:
        source = Path(place)
        # Debian starts some servers by a second name.
        found = {source, source.resolve()} if source.is_file() else walk(source)
        for path in found:
            copy(path, target)
            yield path


def walk(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder that run time needs."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if is_needed(f"{root}/{name}")]
        links = [name for name in folders if Path(root, name).is_symlink()]
        yield from (Path(root, name) for name in [*files, *links] if is_needed(f"{root}/{name}"))


def is_needed(path: str) -> bool:
    """Whether something may load it at run time."""
    place = f"{path}/" if Path(path).is_dir() else path
    if any(part in path for part in SPENT) or OTHERS.search(place) or UNNAMED.search(place):
        return False
    return not IDLE.search(path) or bool(LOADED.search(path))


def copy(path: Path, target: Path) -> None:
    """Copy one file or link to the same place below the target."""
    place = target / path.relative_to("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists() and not place.is_symlink():
        shutil.copy2(path, place, follow_symlinks=False)


def gather_libraries(files: Iterable[Path], target: Path) -> None:
    """Copy every shared library that the programs and extension modules are linked to."""
    binaries = [str(path) for path in files if path.is_file() and is_elf(path)]
    answer = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    for name in set(re.findall(r"(?:=> |^\s*)(/[^\s:]+) \(0x", answer, re.MULTILINE)):
        real = Path(os.path.realpath(name))
        if real.is_relative_to(VENV):
            continue
        copy(real, target)
        alias = target / "usr/lib" / real.parent.name / Path(name).name
        if not alias.exists() and not alias.is_symlink():
            alias.symlink_to(real.name)
    loader = Path(os.path.realpath("/lib64/ld-linux-x86-64.so.2"))
    if loader.exists():
        link(target / "usr/lib64/ld-linux-x86-64.so.2", f"../{loader.relative_to('/usr')}")


def is_elf(path: Path) -> bool:
    """Whether a file is a program or a shared library."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def link_names(target: Path) -> None:
    """The short names of Python and of busybox's tools."""
    link(target / "usr/bin/python3", f"python3.{sys.version_info.minor}")
    for name in APPLETS:
        link(target / "usr/bin" / name, "busybox")


def link(place: Path, points_to: str) -> None:
    """Make a link unless something is there."""
    if not place.exists() and not place.is_symlink():
        place.symlink_to(points_to)


def compile_all(target: Path) -> None:
    """Byte code for all: without it each process would compile half a million lines at every start."""
    for folder in (STDLIB, VENV, PORTAL):
        compileall.compile_dir(
            str(target / folder.relative_to("/")),
            stripdir=str(target),
            quiet=2,
            workers=0,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
