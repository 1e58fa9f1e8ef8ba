"""What an address of a receiver must be; pure."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def host_and_port(text: str) -> tuple[str, int] | None:
    """The host and the port of `host:port`, with an IPv6 address in brackets; None for anything else."""
    parts = _split(f"//{text}")
    if parts is None or parts.path or parts.query or parts.fragment or parts.username:
        return None
    try:
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def is_web_address(text: str) -> bool:
    """True for http(s)://host/…, without a password in it."""
    parts = _split(text)
    sound = parts is not None and parts.scheme in {"http", "https"} and parts.hostname
    return bool(sound and parts and not parts.username and not parts.password)


def place_of(text: str) -> str:
    """Scheme, host and port, by which a kept key is bound to whom it was given for."""
    parts = _split(text if "://" in text else f"//{text}")
    return f"{parts.scheme}://{parts.netloc.lower()}" if parts else ""


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None
