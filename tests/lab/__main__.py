"""A lab by hand: ``python -m tests.lab swarm 3``, which stays until ``… down``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from . import requirements, slots
from .engine import Engine, EngineOptions
from .host import LabError
from .swarm import Lab, swarm_state

ENGINE_ACTIONS: dict[str, tuple[str, Callable[[Engine], None]]] = {
    "start": ("start an engine that is down", Engine.start),
    "stop": ("shut an engine down in order", Engine.stop),
    "kill": ("end an engine and its containers at once", Engine.kill),
    "freeze": ("make an engine hang", Engine.freeze),
    "thaw": ("let a frozen engine go on", Engine.thaw),
    "cut": ("take an engine off the network", Engine.cut),
    "heal": ("put it back", Engine.heal),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 with a sentence when that is not possible."""
    chosen = _parser().parse_args(arguments)
    try:
        _require()
        chosen.act(chosen)
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, text in (
        ("up", _up, "start N engines"),
        ("swarm", _swarm, "start N engines, make them one Swarm, load the busybox image"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("size", type=int, nargs="?", default=3, metavar="N")
        verb.add_argument("--tls", action="store_true", help="listen on TCP with TLS as well")
        verb.set_defaults(act=act)
    for name, (text, _) in ENGINE_ACTIONS.items():
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("engine", type=int, metavar="I")
        verb.set_defaults(act=_on_engine, action=name)
    verbs.add_parser("status", help="one line an engine").set_defaults(act=_status)
    verbs.add_parser("down", help="end and remove the lab").set_defaults(act=_down)
    return parser


def _require() -> None:
    if lacks := requirements.missing():
        raise LabError("A lab cannot run here: " + "; ".join(lacks) + ".")


def _kept() -> Lab:
    claim = slots.claim_kept()
    if claim is None:
        raise LabError("There is no lab: start one with `python -m tests.lab swarm 3`.")
    return Lab.reopen(claim)


def _raise(chosen: argparse.Namespace) -> Lab:
    claim = slots.claim_kept()
    if claim is None:
        return Lab.create(chosen.size, options=EngineOptions(tls=chosen.tls), keep=True)
    lab = Lab.reopen(claim)
    lab.grow(chosen.size)
    return lab


def _up(chosen: argparse.Namespace) -> None:
    lab = _raise(chosen)
    _print(lab)
    lab.leave_standing()


def _swarm(chosen: argparse.Namespace) -> None:
    lab = _raise(chosen)
    lab.make_swarm()
    lab.load_image()
    _print(lab)
    lab.leave_standing()


def _on_engine(chosen: argparse.Namespace) -> None:
    lab = _kept()
    if not 1 <= chosen.engine <= len(lab.engines):
        lab.leave_standing()
        raise LabError(f"The lab has engines 1 to {len(lab.engines)}, not {chosen.engine}.")
    ENGINE_ACTIONS[chosen.action][1](lab.engine(chosen.engine))
    lab.leave_standing()


def _status(chosen: argparse.Namespace) -> None:
    lab = _kept()
    _print(lab)
    lab.leave_standing()


def _down(chosen: argparse.Namespace) -> None:
    slots.sweep_abandoned()
    _kept().close()


def _print(lab: Lab) -> None:
    for engine in lab.engines:
        addresses = [engine.url, *([engine.tls_url] if lab.options.tls else [])]
        sys.stdout.write(f"{engine.hostname}  {_state(engine):8}  {' '.join(addresses)}\n")
    if lab.options.tls:
        folder = lab.engine(1).client_files().folder
        sys.stdout.write(f"Client certificates (DOCKER_CERT_PATH): {folder}\n")
    sys.stdout.write(f"This machine, as the engines see it: {lab.gateway}\n")


def _state(engine: Engine) -> str:
    return swarm_state(engine) if engine.running else "down"


if __name__ == "__main__":
    sys.exit(main())
