"""Which directory the settings name."""

from __future__ import annotations

from django.conf import settings

from apps.accounts.adapters.ldap import LdapDirectory
from apps.accounts.ports import Directory
from dce_portal.configuration import Configuration


def directory() -> Directory | None:
    """The directory against which passwords are checked; None where there is none."""
    configuration: Configuration = settings.CONFIGURATION
    if configuration.ldap_url is None or configuration.ldap_people is None:
        return None
    return LdapDirectory(
        url=configuration.ldap_url,
        start_tls=configuration.ldap_start_tls,
        ca=configuration.ldap_ca,
        bind_dn=configuration.ldap_bind_dn,
        bind_password=configuration.ldap_bind_password,
        people=configuration.ldap_people,
        name_attribute=configuration.ldap_name_attribute,
        groups=configuration.ldap_groups,
    )
