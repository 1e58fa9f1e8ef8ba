"""An in-memory twin of an agent's keeper: it makes real keys and holds certificates to the same rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.nodes.ports import KeptCertificate
from dce_portal.errors import Unavailable


@dataclass(slots=True)
class FakeKeeper:
    """One agent; `silent` makes it answer nothing, `stubborn` refuse what it is given."""

    name: str
    silent: bool = False
    stubborn: bool = False
    ca_pem: str = ""
    certificate_pem: str = ""
    calls: list[str] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    _next_key: ec.EllipticCurvePrivateKey | None = None

    async def certificate(self) -> KeptCertificate:
        """What was installed last."""
        self._answer("certificate")
        found = x509.load_pem_x509_certificate(self.certificate_pem.encode())
        return KeptCertificate(
            self.name, format(found.serial_number, "x"), found.not_valid_after_utc, self.trusted
        )

    async def request(self) -> str:
        """Make the next key."""
        self._answer("request")
        self._next_key = ec.generate_private_key(ec.SECP256R1())
        return self.csr_of(self._next_key)

    async def install(self, *, certificate_pem: str, ca_pem: str) -> None:
        """Take a certificate that fits one of the keys."""
        self._answer("install")
        self._obey()
        public = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
        for key in filter(None, (self._next_key, self.key)):
            if key.public_key() == public:
                self.key, self.certificate_pem, self.ca_pem = key, certificate_pem, ca_pem
                return
        raise Unavailable("The certificate is for another key.", permanent=True)

    async def trust(self, ca_pem: str) -> None:
        """Trust these CAs."""
        self._answer("trust")
        self._obey()
        self.ca_pem = ca_pem

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def trusted(self) -> frozenset[str]:
        """The fingerprints of the CAs it trusts."""
        found = x509.load_pem_x509_certificates(self.ca_pem.encode()) if self.ca_pem else []
        return frozenset(one.fingerprint(hashes.SHA256()).hex() for one in found)

    def csr_of(self, key: ec.EllipticCurvePrivateKey) -> str:
        """The request for a key."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        request = builder.sign(key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.silent:
            raise Unavailable(f"The agent {self.name} did not answer.")

    def _obey(self) -> None:
        if self.stubborn:
            raise Unavailable(f"The agent {self.name} refused.", permanent=True)
