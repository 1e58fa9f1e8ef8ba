"""nginx with the agent's own configuration, on unix sockets, before an engine that notes its calls."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from dce_agent import durable, paths
from dce_agent.errors import AgentError
from dce_agent.keeper import Server as KeeperServer
from dce_agent.keeper_store import KeeperStore
from dce_agent.launch import Settings, Worker, nginx_conf, route_list
from dce_agent.paths import State
from tests.factories.agent_pki import AGENT, AgentAuthority
from tests.lab.host import wait_until
from tests.programs import find_program

FILES = Path(__file__).resolve().parents[3] / "docker/agent"
TIMEOUT_S = 30
NGINX = find_program("nginx") or "nginx"


class StubEngine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Notes what it is asked. ``/events`` waits in its middle until ``more`` is set."""

    daemon_threads = True

    def __init__(self, path):
        self.calls, self.more = [], threading.Event()
        super().__init__(str(path), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.calls.append(f"{self.command} {self.path}")
        if self.headers.get("Upgrade"):
            return self._echo()
        if "/events" in self.path:
            return self._events()
        self._drain()
        return self._answer(json.dumps({"asked": self.path, "host": self.headers["Host"]}))

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def address_string(self):
        return "engine"

    def log_message(self, *_):
        pass

    def _answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else text.encode())

    def _drain(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _events(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"6\r\nfirst\n\r\n")
        self.server.more.wait(TIMEOUT_S)
        self.wfile.write(b"7\r\nsecond\n\r\n0\r\n\r\n")

    def _echo(self):
        self.wfile.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        while data := self.rfile.read1(1024):
            self.wfile.write(data.upper())
        self.close_connection = True


class Proxy:
    """A running nginx, the engine behind it, and clients of it."""

    def __init__(self, folder, *, settings, routes=None):
        self.folder, self.state = Path(folder), State(f"{folder}/state")
        Path(self.state.folder).mkdir()
        (self.folder / "run").mkdir(exist_ok=True)
        self.authority = AgentAuthority()
        self.certificate, self.key = self.authority.controller()
        store = KeeperStore(self.state, apply=self._reload)
        self._running = None
        csr = store.first_request(AGENT)
        store.install(self.authority.agent(csr), self.authority.certificate_pem)
        if routes is not None:
            Path(self.state.routes).write_text(routes)
        self._write_configuration(settings)
        self.engine = StubEngine(self.folder / "engine.sock")
        self.sampler = StubEngine(self.folder / "run/sampler.sock")
        self.keeper = KeeperServer(str(self.folder / "run/keeper.sock"), store=store)

    @contextlib.contextmanager
    def running(self):
        """Serve until the block ends."""
        with contextlib.ExitStack() as stack:
            for server in (self.engine, self.sampler, self.keeper):
                thread = threading.Thread(
                    target=server.serve_forever, kwargs={"poll_interval": 0.1}
                )
                thread.start()
                stack.callback(thread.join)
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
            command = ("setpriv", "--pdeathsig", "TERM", NGINX, *self._options())
            with (self.folder / "log").open("wb") as log:
                self._running = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(self._end)
            wait_until(self._answers, what="nginx (see its log)", timeout_s=TIMEOUT_S)
            yield self

    def connect(self, *, certificate=None, key=None, trusted=None, ciphers="", **versions):
        """A TLS connection; without a certificate the controller's, with "" none."""
        context = ssl.create_default_context(cadata=trusted or self.authority.certificate_pem)
        if ciphers:
            context.set_ciphers(ciphers)
        for name, version in versions.items():
            setattr(context, name, version)
        if certificate != "":
            self._load(context, certificate or self.certificate, key or self.key)
        plain = self.connect_plain()
        try:
            return context.wrap_socket(plain, server_hostname=AGENT)
        except OSError:
            plain.close()
            raise

    def connect_plain(self):
        """The connection below."""
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(TIMEOUT_S)
        try:
            plain.connect(str(self.folder / "tls.sock"))
        except OSError:
            plain.close()
            raise
        return plain

    def ask(self, method, target, body=None, **client):
        """One request; status and document."""
        status, text = self.ask_raw(method, target, body, **client)
        return status, json.loads(text) if text else None

    def ask_raw(self, method, target, body=None, **client):
        """The same with the answer's text, and the target sent as it is."""
        data = json.dumps(body) if isinstance(body, dict) else body
        connection = http.client.HTTPConnection("agent")
        connection._validate_path = lambda _: None
        connection.sock = self.connect(**client)
        with contextlib.closing(connection):
            connection.request(method, target, data)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def _load(self, context, certificate, key):
        file = self.folder / "client.pem"
        file.write_text(certificate + key)
        context.load_cert_chain(file)

    def _write_configuration(self, settings):
        template = (FILES / "nginx.conf").read_text()
        routes = route_list(settings, self.state, share=str(FILES))
        text = nginx_conf(template, settings, self.state, Worker("root", "root"), routes)
        text = text.replace(paths.RUN, f"{self.folder}/run")
        text = text.replace(paths.ENGINE_SOCKET, f"{self.folder}/engine.sock")
        listen = f"        listen unix:{self.folder}/tls.sock ssl;\n"
        text = re.sub(
            r"        listen \d+ ssl[^;]*;\n(?:        listen \[::\][^;]*;\n)?", listen, text
        )
        durable.write(str(self.folder / "nginx.conf"), text)

    def _options(self):
        return ("-e", "stderr", "-c", str(self.folder / "nginx.conf"))

    def _reload(self):
        if self._running is None:
            return
        for action in (("-t", "-q"), ("-s", "reload")):
            if subprocess.run((NGINX, *self._options(), *action), capture_output=True).returncode:
                raise AgentError("nginx does not take the new files.")

    def _answers(self):
        assert self._running.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(OSError):
            self.connect().close()
            return True
        return False

    def _end(self):
        self._running.terminate()
        self._running.wait(TIMEOUT_S)


@contextlib.contextmanager
def running_proxy(*, routes=None, mode="full"):
    """A proxy in a folder of its own, whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="dce-agent-") as folder:
        made = Proxy(folder, settings=Settings(routes=mode), routes=routes)
        with made.running():
            yield made
