"""`python -m dce_agent.keeper`: renew the certificate when the controller says so.

Speaks HTTP on a unix socket. nginx stands in front, lets only the controller in, and hands on
the certificate that the controller has shown.
"""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from .errors import AgentError
from .keeper_store import KeeperStore
from .paths import KEEPER_SOCKET, NGINX_CONF, State
from .pem import LARGEST_BYTES

REQUEST_TIMEOUT_S = 10.0
RELOAD_TIMEOUT_S = 20
SOCKET_MODE = 0o660
CONTROLLER_HEADER = "X-Dce-Controller-Certificate"
WHAT_THERE_IS = "The keeper has /dce/v1/certificate, /dce/v1/certificate/request and /dce/v1/ca."


def answer(store: KeeperStore, call: str, document: dict[str, str], *, controller: str) -> object:
    """Do what a request asks for; what it answers, or nothing."""
    match call:
        case "GET /dce/v1/certificate":
            found = store.installed()
            return {
                "name": found.facts.name,
                "serial_hex": found.facts.serial_hex,
                "not_after_unix_s": found.facts.not_after_unix_s,
                "authorities": list(found.authorities),
            }
        case "POST /dce/v1/certificate/request":
            return {"csr_pem": store.next_request()}
        case "PUT /dce/v1/certificate":
            certificate, authorities = document["certificate_pem"], document["ca_pem"]
            store.install(certificate, authorities, controller=controller)
            return None
        case "PUT /dce/v1/ca":
            store.replace_authorities(document["ca_pem"], controller=controller)
            return None
    raise LookupError(WHAT_THERE_IS)


def reload_proxy() -> None:
    """Have nginx read its files again, after a trial that it can."""
    for action in (("-t", "-q"), ("-s", "reload")):
        command = ("nginx", "-e", "stderr", "-c", NGINX_CONF, *action)
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RELOAD_TIMEOUT_S, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise AgentError(
                f"nginx does not take the new files ({reason}); the old ones are back."
            )


class Handler(BaseHTTPRequestHandler):
    """One request of the controller."""

    server: Server
    timeout = REQUEST_TIMEOUT_S
    server_version, sys_version = "dce-keeper", ""

    def do_GET(self) -> None:
        """Tell about the certificate in use."""
        self._handle()

    def do_POST(self) -> None:
        """Make a key and a request."""
        self._handle()

    def do_PUT(self) -> None:
        """Take something into use."""
        self._handle()

    def _handle(self) -> None:
        try:
            document = self._document() if self.command == "PUT" else {}
            controller = unquote(self.headers.get(CONTROLLER_HEADER, ""))
            call = f"{self.command} {self.path}"
            found = answer(self.server.store, call, document, controller=controller)
            status = HTTPStatus.NO_CONTENT if found is None else HTTPStatus.OK
            self._send(status, found)
        except LookupError as error:
            self._refuse(HTTPStatus.NOT_FOUND, str(error.args[0]))
        except AgentError as error:
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    def address_string(self) -> str:
        """A unix socket's peer has no address."""
        return "nginx"

    def _document(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BYTES:
            raise AgentError(f"A request has at most {LARGEST_BYTES} bytes; nothing was changed.")
        try:
            return _texts(json.loads(self.rfile.read(int(length))))
        except (ValueError, TypeError, RecursionError) as error:
            raise AgentError("The request is no JSON object; nothing was changed.") from error

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        self._send(status, {"error": sentence})

    def _send(self, status: HTTPStatus, document: object) -> None:
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Texts(dict[str, str]):
    """The text fields of a document; asking for one that is missing is a sentence."""

    def __missing__(self, name: str) -> str:
        raise AgentError(f"The request lacks {name}; nothing was changed.")


def _texts(document: object) -> _Texts:
    if not isinstance(document, dict):
        raise TypeError("no object")
    return _Texts({name: text for name, text in document.items() if isinstance(text, str)})


class Server(socketserver.UnixStreamServer):
    """Takes one request after the other: two renewals at once would meet in the files."""

    def __init__(self, path: str, *, store: KeeperStore) -> None:
        """Listen on a socket; one that an earlier run left behind is replaced."""
        self.store = store
        if os.path.exists(path):
            os.unlink(path)
        super().__init__(path, Handler)
        os.chmod(path, SOCKET_MODE)


def main() -> None:
    """Serve until SIGTERM."""
    store = KeeperStore(State(), apply=reload_proxy)
    with Server(KEEPER_SOCKET, store=store) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
