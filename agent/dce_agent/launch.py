"""Verb `run`: make nginx's configuration from the environment, then become supervisord."""

from __future__ import annotations

import grp
import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass

from . import durable, engine_routes, paths
from .errors import AgentError
from .keeper_store import KeeperStore
from .paths import State
from .registration import Discovery, Registration

DEFAULT_PORT = 12376
SUPERVISORD = ("/usr/bin/python3", "-I", "-m", "supervisor.supervisord")
RUN_MODE = 0o2750
ROUTE_LISTS = ("full", "read-only")
_PLACEHOLDER = re.compile(r"\{\{ ([a-z]+) \}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator says in the container's environment."""

    port: int = DEFAULT_PORT
    routes: str = ROUTE_LISTS[0]
    discovery: str = ""
    advertise: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Read the environment; what cannot be meant is a sentence."""
        port = environ.get("DCE_AGENT_PORT") or str(DEFAULT_PORT)
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise AgentError(f"DCE_AGENT_PORT is {port!r}: give a port from 1 to 65535.")
        routes = environ.get("DCE_AGENT_ROUTES") or ROUTE_LISTS[0]
        if routes not in ROUTE_LISTS:
            raise AgentError(f"DCE_AGENT_ROUTES is {routes!r}: give {' or '.join(ROUTE_LISTS)}.")
        discovery = environ.get("DCE_AGENT_DISCOVERY", "")
        advertise = environ.get("DCE_AGENT_ADVERTISE", "")
        if discovery:
            Registration(Discovery.parse(discovery), advertise)
        return cls(port=int(port), routes=routes, discovery=discovery, advertise=advertise)


@dataclass(frozen=True, slots=True)
class Worker:
    """As whom nginx's workers run."""

    user: str
    group: str


def run(environ: Mapping[str, str]) -> None:
    """Prepare, then hand the process over; returns only by an error."""
    settings, state = Settings.of(environ), State()
    KeeperStore(state).installed()  # ends with a sentence where the node has not joined
    if not _is_socket(paths.ENGINE_SOCKET):
        raise AgentError(f"{paths.ENGINE_SOCKET} is no socket: mount the engine's socket there.")
    worker = worker_for(paths.ENGINE_SOCKET)
    _make_run_folder(worker)
    template = durable.text_of(f"{paths.SHARE}/nginx.conf")
    routes = route_list(settings, state)
    durable.write(paths.NGINX_CONF, nginx_conf(template, settings, state, worker, routes))
    has_console = engine_routes.lets_consoles_through(engine_routes.parse(routes))
    os.environ[engine_routes.CONSOLES_VARIABLE] = "yes" if has_console else "no"
    if settings.discovery:
        shutil.copy(f"{paths.SHARE}/registration.conf", paths.PROGRAMS)
    command = (*SUPERVISORD, "-c", f"{paths.SHARE}/supervisord.conf")
    os.execv(command[0], command)  # noqa: S606 - a program of the image, no shell is wanted


def route_list(settings: Settings, state: State, *, share: str = paths.SHARE) -> str:
    """The operator's own list where there is one, else that of the mode."""
    own = os.path.exists(state.routes)
    return durable.text_of(state.routes if own else f"{share}/routes-{settings.routes}.conf")


def nginx_conf(template: str, settings: Settings, state: State, worker: Worker, routes: str) -> str:
    """Fill in the template."""
    values = {
        "user": worker.user,
        "group": worker.group,
        "run": paths.RUN,
        "listen": _listen(settings.port),
        "routes": engine_routes.nginx_map(engine_routes.parse(routes)),
        "certificate": state.certificate,
        "key": state.key,
        "authorities": state.authorities,
        "engine": paths.ENGINE_SOCKET,
        "sampler": paths.SAMPLER_SOCKET,
        "keeper": paths.KEEPER_SOCKET,
        "health": paths.HEALTH_SOCKET,
    }
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def worker_for(socket_path: str) -> Worker:
    """An unprivileged user in the socket's group; root where the group may not use the socket."""
    about = os.stat(socket_path)
    if not about.st_mode & stat.S_IWGRP:
        return Worker("root", "root")
    return Worker("agent", _group_name(about.st_gid))


def _group_name(gid: int) -> str:
    """The group's name; nginx takes no number, so one that the image lacks is added."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        with open("/etc/group", "a", encoding="ascii") as groups:
            groups.write(f"engine:x:{gid}:\n")
        return "engine"


def _listen(port: int) -> str:
    addresses = [f"{port}"] + ([f"[::]:{port}"] if os.path.exists("/proc/net/if_inet6") else [])
    return "".join(f"        listen {address} ssl so_keepalive=on;\n" for address in addresses)


def _make_run_folder(worker: Worker) -> None:
    """Sockets made in it get its group, so that nginx's workers reach them and nobody else does."""
    shutil.rmtree(paths.RUN, ignore_errors=True)
    os.makedirs(paths.PROGRAMS)
    os.chown(paths.RUN, 0, grp.getgrnam(worker.group).gr_gid)
    os.chmod(paths.RUN, RUN_MODE)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
