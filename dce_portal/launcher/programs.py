"""Which programs one machine runs, with their commands, order and groups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass

from dce_portal.configuration import Configuration
from dce_portal.launcher.errors import LauncherError

# Debian keeps servers where an ordinary user's PATH does not look.
SERVER_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
DEBIAN_PACKAGES = {
    "nginx": "nginx",
    "redis-server": "redis-server",
    "docker-registry": "docker-registry",
}
PORTAL_GROUP, STORES_GROUP = "portal", "stores"
SPARE_REGISTRY = "registry-spare"


@dataclass(frozen=True, slots=True)
class Program:
    """One line of `make status`."""

    name: str
    command: str
    priority: int
    group: str = PORTAL_GROUP
    stop_wait_s: int = 5
    # The socket of a server that may load first.
    after: str = "-"
    # Others start when somebody asks, and stay down once they have ended.
    is_lasting: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """The plain paths that commands are made of."""

    python: str
    run: str
    config: str


def needed_servers(configuration: Configuration) -> tuple[str, ...]:
    """The Debian programs that this configuration runs."""
    embedded = {
        "nginx": True,
        "redis-server": configuration.redis_url is None,
        "docker-registry": configuration.registry_url is None,
    }
    return tuple(name for name, is_embedded in embedded.items() if is_embedded)


def find_servers(configuration: Configuration) -> dict[str, str]:
    """The path of each needed server; a LauncherError names all that are missing."""
    search = os.pathsep.join([os.environ.get("PATH", ""), *SERVER_FOLDERS])
    found = {name: shutil.which(name, path=search) for name in needed_servers(configuration)}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        packages = " ".join(DEBIAN_PACKAGES[name] for name in missing)
        raise LauncherError(
            f"{_listed(missing)} cannot be found; install it with: apt-get install {packages}"
        )
    return {name: path for name, path in found.items() if path}


def all_programs(configuration: Configuration, layout: Layout) -> tuple[Program, ...]:
    """Every program of this configuration, in the order in which they start."""
    servers = find_servers(configuration)
    return (*_server_programs(servers, layout), *_own_programs(configuration, layout))


def group_names(programs: Iterable[Program]) -> dict[str, str]:
    """Each group's programs as supervisord lists them; empty groups are left out."""
    groups: dict[str, list[str]] = {STORES_GROUP: [], PORTAL_GROUP: []}
    for program in programs:
        groups[program.group].append(program.name)
    return {name: ",".join(members) for name, members in groups.items() if members}


def _server_programs(servers: dict[str, str], layout: Layout) -> list[Program]:
    commands = {
        "redis-server": ("redis", f"{layout.config}/redis.conf", 10, STORES_GROUP),
        "docker-registry": ("registry", f"serve {layout.config}/registry.yml", 20, PORTAL_GROUP),
        "nginx": ("nginx", f"-p {layout.run} -c {layout.config}/nginx.conf", 30, PORTAL_GROUP),
    }
    programs = [
        Program(name, f"{path} {arguments}", priority, group)
        for server, path in servers.items()
        for name, arguments, priority, group in [commands[server]]
    ]
    if registry := servers.get("docker-registry"):
        # It answers while the registry restarts: dce_portal/launcher/rolling.py.
        command = f"{registry} serve {layout.config}/{SPARE_REGISTRY}.yml"
        programs.append(Program(SPARE_REGISTRY, command, 20, is_lasting=False))
    return programs


def _own_programs(configuration: Configuration, layout: Layout) -> list[Program]:
    celery = f"{layout.python} -m celery -A dce_portal"
    level = configuration.log_level
    web_socket = f"{layout.run}/web.sock"
    worker = f"worker --loglevel {level} --without-gossip --without-mingle"
    return [
        Program("web", _web_command(configuration, layout), 40),
        Program("stream", _stream_command(configuration, layout), 50),
        Program(
            "worker",
            f"{celery} {worker} -n worker@portal -Q default"
            f" --pool prefork --concurrency {configuration.worker_concurrency}",
            60,
            after=web_socket,
        ),
        Program(
            "poll", f"{celery} {worker} -n poll@portal -Q poll --pool solo", 60, after=web_socket
        ),
        Program(
            "beat",
            f"{celery} beat --loglevel {level} -s {layout.run}/beat-schedule",
            70,
            after=web_socket,
        ),
    ]


def _web_command(configuration: Configuration, layout: Layout) -> str:
    return (
        f"{layout.python} -m granian --interface wsgi dce_portal.wsgi:application"
        f" --uds {layout.run}/web.sock --http 1 --no-ws --backlog 1024"
        f" --workers {configuration.web_workers} --blocking-threads 4"
        f" --respawn-failed-workers --respawn-interval 0.5 --workers-kill-timeout 3"
        f" --log-level {configuration.log_level.lower()}"
    )


def _stream_command(configuration: Configuration, layout: Layout) -> str:
    return (
        f"{layout.python} -m uvicorn dce_portal.asgi:application"
        f" --uds {layout.run}/stream.sock --ws websockets-sansio --ws-per-message-deflate false"
        f" --lifespan off --no-access-log --no-server-header --timeout-graceful-shutdown 3"
        f" --log-level {configuration.log_level.lower()}"
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"
