"""A small OpenID provider on loopback: discovery, code with PKCE, signed ID tokens, a key set, userinfo.

It keeps to the standard where a client can get it wrong: a code is good once and for the
client, address and verifier that it was given for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "dce-portal", "between provider and portal"
KEY_ID = "key-1"


def new_key() -> rsa.RSAPrivateKey:
    """A key to sign with; small, since it guards nothing."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OpenIDProvider:
    """Who is signed in there, what it says of them, and what went wrong on purpose."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    published_key: rsa.RSAPrivateKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """The address to which the browser is sent back."""
        lacking = {"nonce", "state", "code_challenge"} - set(query)
        if lacking or query["client_id"] != CLIENT_ID or query["code_challenge_method"] != "S256":
            self.refusals.append(f"authorize without {sorted(lacking)}")
            return f"{query['redirect_uri']}?{urlencode({'error': 'invalid_request'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str]) -> dict[str, Any]:
        """The tokens for a code, once."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or not self._is_right(form, asked):
            self.refusals.append("exchange")
            return {"error": "invalid_grant"}
        return {
            "access_token": "of-no-other-use",
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(asked["nonce"]),
        }

    def id_token(self, nonce: str) -> str:
        """What it says of who is signed in, signed."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        return jwt.encode(
            {**said, **self.claims, **self.lies},
            self.key,
            algorithm="RS256",
            headers={"kid": KEY_ID},
        )

    def keys(self) -> dict[str, Any]:
        """Its key set."""
        public = (self.published_key or self.key).public_key()
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def discovery(self) -> dict[str, Any]:
        """Where everything is."""
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "keys",
        }
        return {
            "issuer": self.issuer,
            **{name: f"{self.issuer}/{place}" for name, place in places.items()},
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    @staticmethod
    def _is_right(form: dict[str, str], asked: dict[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            challenge == asked["code_challenge"]
            and form.get("redirect_uri") == asked["redirect_uri"]
            and form.get("client_id") == CLIENT_ID
            and form.get("client_secret") == CLIENT_SECRET
        )


class Handler(BaseHTTPRequestHandler):
    """Its four addresses."""

    provider: OpenIDProvider
    timeout = 10

    def do_GET(self) -> None:
        """Discovery, keys, userinfo, and the page that sends the browser back at once."""
        parts = urlsplit(self.path)
        if parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        answers = {
            "/.well-known/openid-configuration": self.provider.discovery,
            "/keys": self.provider.keys,
            "/userinfo": lambda: self.provider.claims,
        }
        self._say(answers[parts.path]())

    def do_POST(self) -> None:
        """The exchange of a code."""
        length = int(self.headers["Content-Length"])
        form = {
            name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()
        }
        answer = self.provider.exchange(form)
        self._say(answer, status=400 if "error" in answer else 200)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def _say(self, body: object, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def running_provider() -> Iterator[OpenIDProvider]:
    """A provider until the block ends."""
    provider = OpenIDProvider()
    handler = type("OneProvider", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
