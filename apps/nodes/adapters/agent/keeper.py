"""An agent's keeper over HTTP: its certificate, a request for the next one, the CAs that it trusts."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from django.utils.translation import gettext as _

from apps.nodes.adapters.engine import EngineHttp
from apps.nodes.adapters.json_facts import Facts
from apps.nodes.ports import EngineAddress, KeptCertificate
from dce_portal.errors import PortalError, Unavailable

CERTIFICATE = "/dce/v1/certificate"
REQUEST = "/dce/v1/certificate/request"
AUTHORITIES = "/dce/v1/ca"
MOST_BYTES = 64 * 1024
LONGEST_REQUEST = 8192


class KeeperHttp(EngineHttp):
    """The same client with a keeper's words; its paths are outside the Engine API and its versions."""

    async def ask(self, method: str, path: str, body: object = None) -> object:
        """One call as it is; the answer is parsed JSON, None where there is none."""
        return await self._send(method, path, {}, body)

    def refusal(self, status: int, path: str, content: bytes) -> PortalError:
        """The error that a refusal of the agent\'s own means."""
        said = _sentence_of(content)
        if status == 422 and said:
            return Unavailable(
                _("The agent at %(url)s refused: %(said)s")
                % {"url": self.address.url, "said": said},
                permanent=True,
            )
        return self._unavailable(
            _("it answered HTTP %(status)s to %(path)s") % {"status": status, "path": path}
        )

    def _unavailable(self, cause: str) -> Unavailable:
        return Unavailable(
            _("The agent at %(url)s cannot be asked about its certificate: %(cause)s.")
            % {"url": self.address.url, "cause": cause.rstrip(".")}
        )


class AgentKeeper:
    """The AgentKeeperPort over HTTP; used inside one event loop."""

    def __init__(self, address: EngineAddress) -> None:
        """Nothing is opened before the first question."""
        self.address = address
        self._http = KeeperHttp(address, most_bytes=MOST_BYTES)

    async def certificate(self) -> KeptCertificate:
        """Read what is in use."""
        return self._kept(Facts(await self._http.ask("GET", CERTIFICATE)))

    async def request(self) -> str:
        """Have a new key made; the request for it."""
        answer = Facts(await self._http.ask("POST", REQUEST))
        return answer.text("csr_pem", most=LONGEST_REQUEST + 1)

    async def install(self, *, certificate_pem: str, ca_pem: str) -> None:
        """Put a certificate and the CAs."""
        body = {"certificate_pem": certificate_pem, "ca_pem": ca_pem}
        await self._http.ask("PUT", CERTIFICATE, body)

    async def trust(self, ca_pem: str) -> None:
        """Put the CAs alone."""
        await self._http.ask("PUT", AUTHORITIES, {"ca_pem": ca_pem})

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _kept(self, facts: Facts) -> KeptCertificate:
        serial, ends_s = facts.text("serial_hex", most=64), facts.whole("not_after_unix_s")
        try:
            number, expires_at = int(serial, 16), datetime.fromtimestamp(ends_s, UTC)
        except (ValueError, OverflowError, OSError):
            raise Unavailable(
                _("The agent at %(url)s does not say which certificate it bears.")
                % {"url": self.address.url}
            ) from None
        authorities = frozenset(text.lower() for text in facts.texts("authorities"))
        return KeptCertificate(facts.text("name"), format(number, "x"), expires_at, authorities)


def _sentence_of(content: bytes) -> str:
    try:
        return Facts(orjson.loads(content)).text("error", most=500)
    except orjson.JSONDecodeError:
        return ""
