"""The portal's own CA: it signs the agents' certificates, the controller's and the HTTPS listener's.

`prepare` makes what is missing before anything starts; the rest works on the same files from any
process. docs/certificates.md tells the whole of it.
"""

from dce_portal.authority.agents import IssuedCertificate, sign_agent
from dce_portal.authority.https import (
    HttpsFiles,
    OwnCertificateError,
    https_expires_at,
    https_files,
    https_trust_pem,
    public_key_pin,
    reload_when_changed,
)
from dce_portal.authority.requests import check_agent_name
from dce_portal.authority.rotation import Stage, begin, retire, rotation_stage, switch
from dce_portal.authority.state import (
    AuthorityInfo,
    ControllerFiles,
    bundle_fingerprints,
    bundle_pem,
    controller_tls,
    current_authority,
    current_fingerprint,
    prepare,
    retiring_authority,
)

__all__ = [
    "AuthorityInfo",
    "ControllerFiles",
    "HttpsFiles",
    "IssuedCertificate",
    "OwnCertificateError",
    "Stage",
    "begin",
    "bundle_fingerprints",
    "bundle_pem",
    "check_agent_name",
    "controller_tls",
    "current_authority",
    "current_fingerprint",
    "https_expires_at",
    "https_files",
    "https_trust_pem",
    "prepare",
    "public_key_pin",
    "reload_when_changed",
    "retire",
    "retiring_authority",
    "rotation_stage",
    "sign_agent",
    "switch",
]
