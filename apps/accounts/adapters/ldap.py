"""An LDAP directory by ldap3, which is an extra: it is imported when a directory is named, and not before."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apps.accounts.ports import OutsidePerson
from apps.accounts.security.group_map import short_names
from dce_portal.errors import Unavailable
from dce_portal.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_S = 3
ANSWER_S = 5
MOST_GROUPS = 1000
# How a search may end (RFC 4511).
FOUND, TOO_MANY, NO_SUCH_PLACE = 0, 4, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapDirectory:
    """Where the directory is and how people and groups are found in it."""

    url: str
    start_tls: bool
    people: str
    name_attribute: str
    ca: Path | None = None
    bind_dn: str | None = None
    bind_password: Secret | None = None
    groups: str | None = None

    def check(self, username: str, password: str) -> OutsidePerson | None:
        """Find the person's entry, then open it with the password; an empty one would open every entry."""
        if not username or not password:
            return None
        with _words(), self._bound(self.bind_dn, _revealed(self.bind_password)) as looking:
            if looking is None:
                raise Unavailable(_("The directory does not let the portal look people up."))
            entry = self._entry_of(looking, username)
            if entry is None:
                return None
            groups = self._groups_of(looking, entry)
            with self._bound(entry["dn"], password) as opened:
                return None if opened is None else self._person(entry, groups)

    def _entry_of(self, connection: Any, username: str) -> dict[str, Any] | None:
        """The one entry of this name; two are as good as none."""
        wanted = [self.name_attribute, "mail", "givenName", "sn", "memberOf"]
        rule = f"({self.name_attribute}={_escaped(username)})"
        connection.search(self.people, rule, attributes=wanted, size_limit=2, time_limit=ANSWER_S)
        found = _rows(connection, also=TOO_MANY)
        return found[0] if len(found) == 1 else None

    def _groups_of(self, connection: Any, entry: dict[str, Any]) -> frozenset[str]:
        if self.groups is None:
            return short_names(_texts(entry, "memberOf"))
        person = _escaped(entry["dn"])
        uid = _escaped(_text(entry, self.name_attribute))
        rule = f"(|(member={person})(uniqueMember={person})(memberUid={uid}))"
        connection.search(self.groups, rule, attributes=["cn"], size_limit=MOST_GROUPS)
        return frozenset(name for row in _rows(connection) for name in _texts(row, "cn"))

    def _person(self, entry: dict[str, Any], groups: frozenset[str]) -> OutsidePerson:
        return OutsidePerson(
            username=_text(entry, self.name_attribute),
            first_name=_text(entry, "givenName"),
            last_name=_text(entry, "sn"),
            email=_text(entry, "mail"),
            groups=groups,
        )

    @contextmanager
    def _bound(self, dn: str | None, password: str | None) -> Iterator[Any]:
        """A connection as this entry; None where the directory refuses it."""
        ldap3 = _library()
        connection = ldap3.Connection(
            self._server(ldap3),
            dn,
            password,
            receive_timeout=ANSWER_S,
            read_only=True,
            auto_referrals=False,  # it would say the password wherever it is sent, without TLS
        )
        try:
            connection.open()
            if self.start_tls and self.url.startswith("ldap://") and not connection.start_tls():
                raise Unavailable(_("The directory does not take TLS; see DCE_LDAP_START_TLS."))
            yield connection if connection.bind() else None
        finally:
            connection.unbind()
            if connection.socket is not None:
                connection.socket.close()  # the library leaves one open that never got through

    def _server(self, ldap3: Any) -> Any:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(self.ca) if self.ca else None)
        return ldap3.Server(self.url, tls=tls, connect_timeout=CONNECT_S, get_info=ldap3.NONE)


def _rows(connection: Any, *, also: int = FOUND) -> list[dict[str, Any]]:
    """What a search has found; one that failed has not found that there is nothing."""
    if connection.result["result"] not in (FOUND, NO_SUCH_PLACE, also):
        raise Unavailable(_("The directory does not answer; try again in a minute."))
    return [row for row in connection.response or () if row.get("type") == "searchResEntry"]


def _library() -> Any:
    try:
        import ldap3
    except ImportError:
        raise Unavailable(
            _(
                "DCE_LDAP_URL is set, but ldap3 is not installed; install requirements/ldap.in, or unset DCE_LDAP_URL."
            ),
            permanent=True,
        ) from None
    return ldap3


@contextmanager
def _words() -> Iterator[None]:
    """Turn what the library raises into a sentence."""
    failed = _library().core.exceptions.LDAPExceptionError
    try:
        yield
    except (failed, OSError) as error:
        raise Unavailable(_("The directory does not answer; try again in a minute.")) from error


def _escaped(text: str) -> str:
    from ldap3.utils.conv import escape_filter_chars

    escaped: str = escape_filter_chars(text)
    return escaped


def _texts(entry: dict[str, Any], name: str) -> list[str]:
    attributes = {key.lower(): value for key, value in entry["attributes"].items()}
    value = attributes.get(name.lower(), [])
    return [str(one) for one in (value if isinstance(value, list) else [value]) if one]


def _text(entry: dict[str, Any], name: str) -> str:
    return next(iter(_texts(entry, name)), "")


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None
