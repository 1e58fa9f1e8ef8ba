"""Verb `join`: fetch the join script from a controller that is known by its key alone.

Standard output is run by the caller's shell, so that an error is a script that ends with 1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import re
import shlex
import ssl
from collections.abc import Sequence

from . import openssl
from .errors import AgentError

TIMEOUT_S = 20.0
LARGEST_SCRIPT_BYTES = 1 << 20
LONGEST_REASON = 300
DEFAULT_PORT = 443
PIN_PREFIX = "sha256//"
FAILED_SCRIPT = "echo 'Nothing was changed on this host.' >&2\nexit 1\n"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")


def script(address: str, token: str, pin: str, further: Sequence[str]) -> str:
    """The controller's script, with the further arguments as its own."""
    if not _TOKEN.fullmatch(token):
        raise AgentError("The join token cannot be right: copy the line again.")
    text = _fetch(_connection(address), f"/join/{token}", pin)
    return f"set -- {shlex.join(further)}\n{text}"


def key_pin(certificate_der: bytes) -> str:
    """The pin of a certificate's key, as curl writes it."""
    public = openssl.public_key_of_certificate(ssl.DER_cert_to_PEM_cert(certificate_der))
    body = "".join(line for line in public.splitlines() if not line.startswith("-----"))
    digest = hashlib.sha256(base64.b64decode(body)).digest()
    return PIN_PREFIX + base64.b64encode(digest).decode()


def _connection(address: str) -> http.client.HTTPSConnection:
    match = _ADDRESS.fullmatch(address)
    if not match:
        raise AgentError(f"{address!r} is no address of a controller: give HOST:PORT.")
    # Whose key it is says the pin, before anything secret is sent; no authority is asked.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = int(match[2] or DEFAULT_PORT)
    return http.client.HTTPSConnection(
        match[1].strip("[]"), port, timeout=TIMEOUT_S, context=context
    )


def _fetch(connection: http.client.HTTPSConnection, path: str, pin: str) -> str:
    try:
        connection.connect()
        _check_pin(connection, pin)
        connection.request("GET", path, headers={"Accept": "text/plain"})
        answer = connection.getresponse()
        body = answer.read(LARGEST_SCRIPT_BYTES + 1)
    except (OSError, http.client.HTTPException, OverflowError) as error:
        raise AgentError(
            f"The controller at {connection.host} does not answer: {error}."
        ) from error
    finally:
        connection.close()
    return _script_of(answer.status, body)


def _check_pin(connection: http.client.HTTPSConnection, pin: str) -> None:
    connected: ssl.SSLSocket = connection.sock
    shown = key_pin(connected.getpeercert(binary_form=True) or b"")
    if not hmac.compare_digest(shown.encode(), pin.encode()):
        raise AgentError(
            f"{connection.host} has another key than the line says, so it may not be your "
            "controller: copy the line again from the portal's page."
        )


def _script_of(status: int, body: bytes) -> str:
    text = body.decode(errors="replace")
    if status != 200:
        words = "".join(c for c in text.strip().partition("\n")[0] if c.isprintable())
        told = words[:LONGEST_REASON] if words and not words.startswith("<") else ""
        raise AgentError(told or f"The controller answered {status}: make a new join line.")
    if len(body) > LARGEST_SCRIPT_BYTES or not text.startswith("#!"):
        raise AgentError("The controller's answer is no join script: is the port right?")
    return text
