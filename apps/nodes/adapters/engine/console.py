"""Consoles over the Engine API: make an exec, turn its connection into a line, hang up at the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

from django.utils.translation import gettext as _

from apps.nodes.adapters.engine.http import EngineHttp
from apps.nodes.adapters.engine.upgrade import Tunnel, open_tunnel
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports.streams import Addresses, ConsoleWish, NoConsole
from dce_portal.errors import Conflict, InvalidInput, PortalError, Unavailable

MARK = "DCE_CONSOLE"
TERMINAL = "xterm-256color"
RESIZE_TRIES = 5
ENDED_TRIES = 20
PAUSE_S = 0.1
HANG_UP_TIMEOUT_S = 5.0
# The ends of a program that could not be begun: not to be run, and not there.
NOT_BEGUN = frozenset({126, 127, 128, 255})
NOT_BEGUN_WORDS = (
    b"OCI runtime exec failed",
    b"exec failed",
    b"unable to find user",
    b"no matching entries",
)
FIRST_BYTES = 2048
# No engine ends an exec when its line ends. What bears the console's mark is hung up on, as by a terminal that
# closes; whoever wants something to outlive the console starts it with nohup.
HANG_UP = """for folder in /proc/[0-9]*; do
case "$(cat "$folder/environ" 2>/dev/null)" in
*"$1"*) kill -HUP "${folder#/proc/}" 2>/dev/null ;;
esac
done"""


class EngineConsoles:
    """The ConsolePort over one engine, or over several managers that know the same."""

    def __init__(self, addresses: Addresses) -> None:
        """Take the addresses in the order in which they are asked."""
        self._ways = [EngineHttp(address) for address in addresses]

    async def open(self, wish: ConsoleWish) -> EngineConsole:
        """Look whether it can be, make the exec, start it, give it its size."""
        http = await self._way_to(wish.container_id)
        mark = f"{MARK}={uuid4().hex}"
        exec_id = await _make(http, wish, mark)
        version = await http.negotiated_version()
        body = {"Detach": False, "Tty": True}
        tunnel = await open_tunnel(http.address, f"/v{version}/exec/{exec_id}/start", body=body)
        console = EngineConsole(http, tunnel, wish, (exec_id, mark))
        await console.resize(columns=wish.columns, rows=wish.rows)
        return console

    async def close(self) -> None:
        """Close the connections."""
        for http in self._ways:
            await http.close()

    async def _way_to(self, container_id: str) -> EngineHttp:
        error: PortalError = Unavailable(
            _(
                "The portal has no address to open this console at. "
                "Add a manager's, or the engine's, under Engine addresses."
            )
        )
        for http in self._ways:
            try:
                about = Facts(await http.get(f"/containers/{container_id}/json"))
            except Unavailable as failed:
                error = failed
                continue
            _check(about.part("State"))
            return http
        raise self._silent(error)

    def _silent(self, error: PortalError) -> PortalError:
        """What to say when no address answered."""
        return error


class EngineConsole:
    """One exec and its line."""

    def __init__(
        self, http: EngineHttp, tunnel: Tunnel, wish: ConsoleWish, names: tuple[str, str]
    ) -> None:
        """Take the line; `names`: the exec's id, and the mark that its processes bear."""
        self._http, self._tunnel, self._wish = http, tunnel, wish
        self._exec_id, self._mark = names
        self._first = b""
        self._has_ended = False

    async def read(self) -> bytes:
        """The next output."""
        data = await self._tunnel.read()
        if len(self._first) < FIRST_BYTES:
            self._first += data[:FIRST_BYTES]
        self._has_ended = self._has_ended or not data
        return data

    async def write(self, data: bytes) -> None:
        """What is typed."""
        await self._tunnel.write(data)

    async def resize(self, *, columns: int, rows: int) -> None:
        """Engines refuse that until the program runs, so they are asked a few times."""
        params = {"w": str(columns), "h": str(rows)}
        for _try in range(RESIZE_TRIES):
            with suppress(PortalError):
                await self._http.raw("POST", f"/exec/{self._exec_id}/resize", params=params)
                return
            await asyncio.sleep(PAUSE_S)

    async def exit_code(self) -> int | None:
        """An engine may take a moment to know."""
        for _try in range(ENDED_TRIES):
            about = await self._about()
            if about is None:
                return None
            code = about.raw.get("ExitCode")
            if not about.true("Running") and isinstance(code, int):
                self._has_ended = True
                return self._checked(code)
            await asyncio.sleep(PAUSE_S)
        return None

    async def close(self) -> None:
        """Hang up on what still runs, then end the line."""
        try:
            about = await self._about()
            if about is not None and about.true("Running"):
                async with asyncio.timeout(HANG_UP_TIMEOUT_S):
                    await self._hang_up()
        except (PortalError, TimeoutError):
            pass
        finally:
            await self._tunnel.close()

    async def _about(self) -> Facts | None:
        try:
            return Facts(await self._http.get(f"/exec/{self._exec_id}/json"))
        except PortalError:
            return None

    async def _hang_up(self) -> None:
        command = ["sh", "-c", HANG_UP, "sh", self._mark]
        made = await self._http.post(
            f"/containers/{self._wish.container_id}/exec",
            params={},
            body={"Cmd": command, "User": self._wish.user},
        )
        path = f"/exec/{Facts(made).text('Id')}/start"
        await self._http.post(path, params={}, body={"Detach": True})

    def _checked(self, code: int) -> int:
        if code not in NOT_BEGUN or not any(word in self._first for word in NOT_BEGUN_WORDS):
            return code
        raise NoConsole(why_not_begun(self._first.decode("utf-8", "replace"), self._wish))


def why_not_begun(said: str, wish: ConsoleWish) -> str:
    """The engine's words on a program that it could not start, so that the next step is clear."""
    if "unable to find user" in said or "no matching entries" in said:
        return _("The container knows nobody called “%(user)s”.") % {"user": wish.user}
    if "chdir" in said:
        return _("There is no folder “%(folder)s” in the container.") % {"folder": wish.working_dir}
    if "no such file" in said or "executable file not found" in said:
        return _(
            "The container's image has no “%(program)s”. Try another shell; an image without any, as many"
            " small ones are, can have no console."
        ) % {"program": wish.command[0] if wish.command else ""}
    return _("The program could not be started in this container: %(said)s") % {
        "said": said.strip()[:300]
    }


async def _make(http: EngineHttp, wish: ConsoleWish, mark: str) -> str:
    body: dict[str, object] = {
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": True,
        "Cmd": list(wish.command),
        "Env": [f"TERM={TERMINAL}", mark, *(f"{k}={v}" for k, v in wish.environment.items())],
        "User": wish.user,
    }
    if wish.working_dir:
        body["WorkingDir"] = wish.working_dir
    path = f"/containers/{wish.container_id}/exec"
    try:
        made = Facts(await http.post(path, params={}, body=body))
    except InvalidInput as error:
        raise NoConsole(error.message) from error
    except Conflict as error:
        raise NoConsole(_("The container stopped or was paused just now.")) from error
    return made.text("Id")


def _check(state: Facts) -> None:
    """What docker would say in words of its own, said so that the next step is clear."""
    if state.true("Paused"):
        raise NoConsole(
            _("The container is paused. Resume it first, on its node: docker unpause NAME")
        )
    if state.true("Restarting"):
        raise NoConsole(
            _(
                "The container is being restarted again and again. Its log says why; try again once it stays up."
            )
        )
    if not state.true("Running"):
        raise NoConsole(_("The container does not run, so there is nothing to open a console in."))
