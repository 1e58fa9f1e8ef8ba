"""The settings of signing in: second factors, an OpenID provider, an LDAP directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dce_portal import parsers
from dce_portal.option import Option
from dce_portal.secret import Secret

SIGN_IN_OPTIONS = (
    Option(
        "DCE_REQUIRE_SECOND_FACTOR",
        parsers.choice("nobody", "administrators", "everybody"),
        "word",
        "nobody",
        "Who must have a second factor: nobody, administrators (superusers and who may edit people) or everybody.",
    ),
    Option(
        "DCE_OIDC_ISSUER",
        parsers.web_address,
        "address",
        None,
        "The OpenID provider by which people may sign in; unset, there is none.",
    ),
    Option(
        "DCE_OIDC_CLIENT_ID", parsers.text, "text", None, "What that provider calls the portal."
    ),
    Option(
        "DCE_OIDC_CLIENT_SECRET",
        parsers.secret,
        "secret",
        None,
        "The secret that it gave the portal; unset for a public client.",
        secret=True,
    ),
    Option("DCE_OIDC_NAME", parsers.text, "text", "OpenID", "Its name on the sign-in page."),
    Option(
        "DCE_OIDC_SCOPES",
        parsers.items,
        "words",
        "openid,profile,email",
        "What the portal asks it for; some providers tell groups only when asked.",
    ),
    Option(
        "DCE_OIDC_GROUPS_CLAIM",
        parsers.text,
        "word",
        "groups",
        "The claim in which it names a person's groups.",
    ),
    Option(
        "DCE_OIDC_IS_ENOUGH",
        parsers.boolean,
        "yes or no",
        "no",
        "Whether its sign-in counts as both factors, where the provider asks for a second one itself.",
    ),
    Option(
        "DCE_LDAP_URL",
        parsers.ldap_address,
        "address",
        None,
        "The directory against which passwords are checked, ldap:// or ldaps://; unset, there is none.",
    ),
    Option(
        "DCE_LDAP_START_TLS",
        parsers.boolean,
        "yes or no",
        "yes",
        "Whether ldap:// turns to TLS before anything is said.",
    ),
    Option(
        "DCE_LDAP_CA",
        parsers.existing_file,
        "file",
        None,
        "Certificates that vouch for the directory.",
    ),
    Option(
        "DCE_LDAP_BIND_DN",
        parsers.text,
        "text",
        None,
        "Who looks people up; unset, nobody in particular.",
    ),
    Option(
        "DCE_LDAP_BIND_PASSWORD",
        parsers.secret,
        "secret",
        None,
        "That one's password.",
        secret=True,
    ),
    Option("DCE_LDAP_PEOPLE", parsers.text, "text", None, "Below which entry people are found."),
    Option(
        "DCE_LDAP_NAME_ATTRIBUTE",
        parsers.attribute,
        "word",
        "uid",
        "The attribute that holds the user name; sAMAccountName in Active Directory.",
    ),
    Option(
        "DCE_LDAP_GROUPS",
        parsers.text,
        "text",
        None,
        "Below which entry groups are found; unset, a person's memberOf is read.",
    ),
    Option(
        "DCE_GROUP_MAP",
        parsers.group_map,
        "pairs",
        None,
        "Which groups of the provider or the directory give which here: devs=team:developers,ops=group:operator.",
    ),
    Option(
        "DCE_ADOPT_PEOPLE",
        parsers.boolean,
        "yes or no",
        "no",
        "Whether who comes from outside is taken for the person of the same user name who is here already.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInConfiguration:
    """These settings, typed."""

    require_second_factor: str
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: Secret | None
    oidc_name: str
    oidc_scopes: tuple[str, ...]
    oidc_groups_claim: str
    oidc_is_enough: bool
    ldap_url: str | None
    ldap_start_tls: bool
    ldap_ca: Path | None
    ldap_bind_dn: str | None
    ldap_bind_password: Secret | None
    ldap_people: str | None
    ldap_name_attribute: str
    ldap_groups: str | None
    group_map: Mapping[str, tuple[str, ...]]
    adopt_people: bool


def lacking(configuration: SignInConfiguration) -> str | None:
    """What is half set, as a sentence."""
    if configuration.oidc_issuer and not configuration.oidc_client_id:
        return "DCE_OIDC_ISSUER is set without DCE_OIDC_CLIENT_ID; set both or neither."
    if configuration.ldap_url and not configuration.ldap_people:
        return "DCE_LDAP_URL is set without DCE_LDAP_PEOPLE; say below which entry people are."
    return None
