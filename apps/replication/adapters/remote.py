"""Asks another registry what it holds, with the tokens that it wants."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

import requests
from django.utils.translation import gettext as _
from urllib3.exceptions import HTTPError

from apps.replication.ports import LONGEST_RUN_S, Place
from dce_portal.errors import Unavailable
from dce_portal.outward import ClosedAddressError, outward_session

TIMEOUT_S: Final = (5.0, 30.0)
SESSION_S: Final = LONGEST_RUN_S + 600
LIST_LIMIT_BYTES: Final = 32 * 1024 * 1024
TOKEN_LIMIT_BYTES: Final = 256 * 1024
PAGE_ROWS: Final = 1000
MOST_PAGES: Final = 1000
MISSING: Final = frozenset({404})
ACCEPT: Final = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')


class HttpRemote:
    """The RemotePort over the distribution API."""

    def __init__(self, place: Place, session: requests.Session) -> None:
        """Nothing is asked yet."""
        self._base = f"{'https' if place.is_tls else 'http'}://{place.host}"
        self._pair = (
            (place.username.encode(), place.password.reveal().encode())
            if place.password is not None and place.username
            else None
        )
        self._session = session
        self._tokens: dict[str, str] = {}

    def repositories(self) -> Iterator[str]:
        """Page after page."""
        for page in self._pages("/v2/_catalog", scope="registry:catalog:*"):
            yield from _texts(page.get("repositories"))

    def tags(self, repository: str) -> tuple[str, ...]:
        """All of them."""
        pages = self._pages(f"/v2/{quote(repository)}/tags/list", scope=_pull(repository))
        return tuple(tag for page in pages for tag in _texts(page.get("tags")))

    def digest_of(self, repository: str, tag: str) -> str | None:
        """By a HEAD, which costs no quota at Docker Hub."""
        path = f"/v2/{quote(repository)}/manifests/{quote(tag)}"
        with closing(self._ask("HEAD", path, scope=_pull(repository))) as answer:
            if answer.status_code in MISSING:
                return None
            return answer.headers.get("Docker-Content-Digest")

    def _pages(self, path: str, *, scope: str) -> Iterator[dict[str, Any]]:
        following: str | None = f"{path}?n={PAGE_ROWS}"
        for _number in range(MOST_PAGES):
            if following is None:
                return
            with closing(self._ask("GET", following, scope=scope)) as answer:
                if answer.status_code in MISSING:
                    return
                yield self._object(answer)
                link = answer.links.get("next", {}).get("url")
            following = _path_of(urljoin(self._base + following, link)) if link else None

    def _object(self, answer: requests.Response) -> dict[str, Any]:
        try:
            page = json.loads(_limited(answer, LIST_LIMIT_BYTES))
        except (ValueError, requests.RequestException, HTTPError) as error:
            raise self._away(type(error).__name__) from error
        if not isinstance(page, dict):
            raise self._away(_("its list is no object"))
        return page

    def _ask(self, method: str, path: str, *, scope: str) -> requests.Response:
        answer = self._send(method, path, scope)
        if answer.status_code == 401 and self._sign_in(answer, scope):
            answer.close()
            answer = self._send(method, path, scope)
        if answer.status_code != 200 and answer.status_code not in MISSING:
            answer.close()
            raise self._away(_("status %(status)d") % {"status": answer.status_code})
        return answer

    def _send(self, method: str, path: str, scope: str) -> requests.Response:
        headers = {"Accept": ACCEPT}
        if token := self._tokens.get(scope):
            headers["Authorization"] = token
        try:
            return self._session.request(
                method,
                self._base + path,
                headers=headers,
                timeout=TIMEOUT_S,
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._away(type(error).__name__) from error

    def _sign_in(self, answer: requests.Response, scope: str) -> bool:
        """Do as the challenge says; False when there is no way on."""
        kind, _space, rest = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "basic" and self._pair is not None and scope not in self._tokens:
            self._tokens[scope] = requests.auth._basic_auth_str(*self._pair)
            return True
        if kind.lower() != "bearer":
            return False
        self._tokens[scope] = f"Bearer {self._token(dict(_PARAMETER.findall(rest)), scope)}"
        return True

    def _token(self, challenge: dict[str, str], scope: str) -> str:
        realm = challenge.get("realm", "")
        if urlsplit(realm).scheme not in {"http", "https"}:
            raise self._away(_("it names no address for tokens"))
        if self._base.startswith("https:") and not realm.startswith("https:"):
            raise self._away(_("it wants the password sent in the clear"))
        asked = {"scope": scope, "service": challenge.get("service", "")}
        options: dict[str, Any] = {"timeout": TIMEOUT_S, "allow_redirects": False, "stream": True}
        try:
            given = self._session.get(realm, params=asked, auth=self._pair, **options)  # type: ignore[arg-type]  # bytes are taken as they are
            with closing(given) as answer:
                answer.raise_for_status()
                document = json.loads(_limited(answer, TOKEN_LIMIT_BYTES))
            return str(document.get("token") or document["access_token"])
        except (
            requests.RequestException,
            HTTPError,
            ValueError,
            KeyError,
            AttributeError,
        ) as error:
            raise self._away(_("it gives no token")) from error

    def _away(self, cause: str) -> Unavailable:
        return _away(urlsplit(self._base).netloc, cause)


@contextmanager
def open_remote(place: Place) -> Iterator[HttpRemote]:
    """The registry at this place for the length of a run."""
    try:
        with (
            outward_session(allow_private=True, within_s=SESSION_S) as session,
            tempfile.NamedTemporaryFile("w", suffix=".pem") as authority,
        ):
            if place.ca_pem:
                authority.write(place.ca_pem)
                authority.flush()
                session.verify = authority.name
            yield HttpRemote(place, session)
    except ClosedAddressError as error:
        raise Unavailable(_("The address %(host)s is closed.") % {"host": error}) from error
    except requests.RequestException as error:
        raise _away(place.host, type(error).__name__) from error


def _away(host: str, cause: str) -> Unavailable:
    sentence = _("The registry %(host)s did not answer as it should (%(cause)s).")
    return Unavailable(sentence % {"host": host, "cause": cause})


def _limited(answer: requests.Response, limit_bytes: int) -> bytes:
    """The body; ValueError, and no more of it is read, once it is longer."""
    body = bytearray()
    for part in answer.iter_content(65_536):
        body += part
        if len(body) > limit_bytes:
            raise ValueError("too long")
    return bytes(body)


def _texts(found: object) -> list[str]:
    """The names in what should be a list of them."""
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _path_of(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
