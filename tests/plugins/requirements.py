"""What each marker needs of the machine."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from tests.lab import requirements as lab
from tests.programs import find_program, missing_programs

CLIENTS = {
    "docker": "docker.io",
    "ctr": "containerd",
    "podman": "podman",
    "skopeo": "skopeo",
    "buildah": "buildah",
}
REDIS = {"redis-server": "redis-server"}
REGISTRY = {"docker-registry": "docker-registry"}
ETCD = {"etcd": "etcd-server"}
SLAPD = {"slapd": "slapd"}
NGINX = {"nginx": "nginx"}
PROMETHEUS = {"prometheus": "prometheus", "promtool": "prometheus"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing_postgres() -> list[str]:
    """PostgreSQL's server lies outside PATH on Debian."""
    if find_program("postgres") or any(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return []
    return ["postgres is missing: install the package postgresql"]


def missing_chromium() -> list[str]:
    """Any of the names under which Chromium is installed will do."""
    if find_program(*CHROMIUM_NAMES):
        return []
    return ["chromium is missing: install the package chromium"]


CHECKS: dict[str, Callable[[], list[str]]] = {
    "redis": functools.partial(missing_programs, REDIS),
    "postgres": missing_postgres,
    "registry": functools.partial(missing_programs, REGISTRY),
    "etcd": functools.partial(missing_programs, ETCD),
    "ldap": functools.partial(missing_programs, SLAPD),
    "lab": lab.missing,
    "clients": functools.partial(missing_programs, CLIENTS),
    "browser": missing_chromium,
    "prometheus": functools.partial(missing_programs, PROMETHEUS),
    "nginx": functools.partial(missing_programs, NGINX),
    "portal": functools.partial(missing_programs, {**NGINX, **REDIS, **REGISTRY}),
}


@functools.cache
def missing_for(marker: str) -> tuple[str, ...]:
    """What a marker needs and the machine lacks, looked up once a run."""
    return tuple(CHECKS[marker]())
