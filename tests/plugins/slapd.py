"""A real LDAP directory, Debian's slapd; tests that use one carry the marker ``ldap``."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.free_port import free_port
from tests.lab.host import wait_until
from tests.programs import find_program

START_TIMEOUT_S = 30
END_TIMEOUT_S = 10
BASE = "dc=example,dc=org"
MANAGER, MANAGER_PASSWORD = f"cn=manager,{BASE}", "manager-of-the-tests"
CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
maxsize 10485760
suffix "{base}"
rootdn "{manager}"
rootpw {password}
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn="cn=portal,{base}" read by * none
"""
PEOPLE = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: cn=portal,{BASE}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: portal
userPassword: portal-looks-people-up

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: uid=carla,ou=people,{BASE}
objectClass: inetOrgPerson
uid: carla
cn: Carla Cole
givenName: Carla
sn: Cole
mail: carla@example.org
userPassword: carla in the directory

dn: uid=star*(,ou=people,{BASE}
objectClass: inetOrgPerson
uid: star*(
cn: Star
sn: Star
userPassword: a star in the directory

dn: ou=elsewhere,{BASE}
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:ELSEWHERE/ou=people,{BASE}

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: cn=devs,ou=groups,{BASE}
objectClass: groupOfNames
cn: devs
member: uid=carla,ou=people,{BASE}

dn: cn=others,ou=groups,{BASE}
objectClass: groupOfNames
cn: others
member: cn=portal,{BASE}
"""


@dataclass(frozen=True, slots=True)
class Slapd:
    """Where it listens, and who may look people up in it."""

    port: int
    elsewhere_port: int
    ca: Path
    bind_dn: str = f"cn=portal,{BASE}"
    bind_password: str = "portal-looks-people-up"
    people: str = f"ou=people,{BASE}"
    groups: str = f"ou=groups,{BASE}"
    elsewhere: str = f"ou=elsewhere,{BASE}"

    @property
    def url(self) -> str:
        """Its address, without TLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def named_url(self) -> str:
        """The same by the name that its certificate is for."""
        return f"ldap://localhost:{self.port}"

    def answers(self) -> bool:
        """Whether somebody listens."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


@contextmanager
def running_slapd() -> Iterator[Slapd]:
    """A directory with two people until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="dce-slapd-"))
    try:
        server = Slapd(free_port(), free_port(), ca=folder / "ca.pem")
        _fill(folder, server)
        command = [find_program("slapd") or "slapd", "-f", str(folder / "slapd.conf")]
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command, "-h", f"{server.url}/", "-d", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(server.answers, what="slapd to listen", timeout_s=START_TIMEOUT_S)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=END_TIMEOUT_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path, server: Slapd) -> None:
    (folder / "data").mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    facts = {"folder": folder, "base": BASE, "manager": MANAGER, "password": MANAGER_PASSWORD}
    (folder / "slapd.conf").write_text(CONFIGURATION.format(**facts))
    add = [find_program("slapd") or "slapd", "-T", "add", "-f", str(folder / "slapd.conf"), "-q"]
    subprocess.run(
        add,
        input=PEOPLE.replace("ELSEWHERE", str(server.elsewhere_port)),
        text=True,
        check=True,
        timeout=START_TIMEOUT_S,
        capture_output=True,
    )


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    """One for the session."""
    with running_slapd() as server:
        yield server
