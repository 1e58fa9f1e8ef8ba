"""Asks a registry's version check with and without a token."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import requests
from django.utils.translation import gettext as _

from apps.registry.adapters.unix_socket import UnixSocketAdapter
from apps.registry.ports import USER_AGENT, Challenge
from dce_portal.errors import Unavailable

TIMEOUT_S: Final = (3.0, 5.0)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class RegistryProbe:
    """The registry behind a base address, or behind its socket."""

    def __init__(self, base_url: str, *, socket: Path | None = None) -> None:
        """Prepare the session; nothing connects before the first call."""
        self._url = f"{base_url.rstrip('/')}/v2/"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = USER_AGENT
        if socket is not None:
            self._session.mount("http://", UnixSocketAdapter(socket, timeout_s=TIMEOUT_S[1]))

    def challenge(self) -> Challenge:
        """Its answer to a request without a token."""
        answer = self._get({})
        told = answer.headers.get("WWW-Authenticate", "")
        said = dict(_PARAMETER.findall(told)) if told.lower().startswith("bearer ") else {}
        return Challenge(
            status=answer.status_code,
            realm=said.get("realm", ""),
            service=said.get("service", ""),
            told_at=_moment(answer.headers.get("Date", "")),
        )

    def accepts(self, token: str) -> bool:
        """Whether it takes a token."""
        return self._get({"Authorization": f"Bearer {token}"}).status_code == 200

    def close(self) -> None:
        """Close the connections; calling it twice does no harm."""
        self._session.close()

    def _get(self, headers: dict[str, str]) -> requests.Response:
        try:
            with self._session.get(
                self._url, headers=headers, timeout=TIMEOUT_S, stream=True, allow_redirects=False
            ) as answer:
                return answer
        except requests.RequestException as error:
            raise Unavailable(
                _("The registry did not answer (%(cause)s).") % {"cause": error}
            ) from error


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
