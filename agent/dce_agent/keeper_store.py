"""The node's key and certificates: make, check, install. Nothing that fails a check is written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import durable, openssl, pem
from .errors import AgentError
from .openssl import CertificateFacts, Purpose
from .paths import State

KEPT = "what was there before is kept"


@dataclass(frozen=True, slots=True)
class Installed:
    """The certificate in use, and the fingerprints of the authorities trusted."""

    facts: CertificateFacts
    authorities: tuple[str, ...]


class KeeperStore:
    """The files of the volume. ``apply`` makes the proxy read them, and raises when it cannot."""

    def __init__(self, state: State, *, apply: Callable[[], None] = lambda: None) -> None:
        """Finish what a power cut may have interrupted."""
        self._state = state
        self._apply = apply
        self._recover()

    def installed(self) -> Installed:
        """What is in use now."""
        found = pem.certificates(durable.text_of(self._state.certificate))
        if not found:
            raise AgentError("This agent has no certificate: join the node first.")
        trusted = pem.certificates(durable.text_of(self._state.authorities))
        return Installed(openssl.facts_of(found[0]), tuple(map(pem.fingerprint, trusted)))

    def first_request(self, name: str) -> str:
        """A request for the node's key, which is made when it is missing."""
        if not os.path.exists(self._state.key):
            durable.write(self._state.key, openssl.make_key())
        return openssl.make_request(self._state.key, name=name)

    def next_request(self) -> str:
        """A request for a new key, kept aside until its certificate comes."""
        name = self.installed().facts.name
        durable.write(self._state.next_key, openssl.make_key())
        return openssl.make_request(self._state.next_key, name=name)

    def install(self, certificate_pem: str, ca_pem: str, *, controller: str = "") -> None:
        """Take a certificate into use, with the authorities that it comes with."""
        leaf, trusted = _only(certificate_pem), _authorities(ca_pem)
        renewed = self._is_for_next_key(leaf)
        _check(leaf, trusted, Purpose.SERVER, "The certificate")
        _check_controller(controller, trusted)
        if controller:
            self._check_name(leaf)
        with self._kept_on_failure():
            durable.write(self._state.authorities, trusted)
            durable.write(self._state.next_certificate, leaf)
            if renewed:
                durable.move(self._state.next_key, self._state.key)
            durable.move(self._state.next_certificate, self._state.certificate)
            self._apply()

    def replace_authorities(self, ca_pem: str, *, controller: str) -> None:
        """Trust other authorities, one of which must be that of the controller who says so."""
        trusted = _authorities(ca_pem)
        if not controller:
            raise AgentError(f"The controller showed no certificate; {KEPT}.")
        _check_controller(controller, trusted)
        with self._kept_on_failure():
            durable.write(self._state.authorities, trusted)
            self._apply()

    def _is_for_next_key(self, leaf: str) -> bool:
        """Whether a certificate is for the key kept aside, and not for the one in use."""
        public = openssl.public_key_of_certificate(leaf)
        for path, is_next in ((self._state.key, False), (self._state.next_key, True)):
            if os.path.exists(path) and openssl.public_key_of_key(path) == public:
                return is_next
        raise AgentError(f"The certificate is for another key than this node's; {KEPT}.")

    def _check_name(self, leaf: str) -> None:
        """The controller knows the node by this name: one of another shuts it out, unless the host joins anew."""
        if not os.path.exists(self._state.certificate):
            return
        present, new = self.installed().facts.name, openssl.facts_of(leaf).name
        if new != present:
            raise AgentError(f"The certificate is for {new!r}, this node is {present!r}; {KEPT}.")

    @contextlib.contextmanager
    def _kept_on_failure(self) -> Iterator[None]:
        """Put the files back when the proxy does not take the new ones."""
        state = self._state
        paths = (state.key, state.certificate, state.authorities, state.next_key)
        before = {path: durable.text_of(path) for path in paths}
        try:
            yield
        except (AgentError, OSError):
            for path, content in before.items():
                if content:
                    durable.write(path, content)
            raise

    def _recover(self) -> None:
        """The key was moved, its certificate not yet: go on from there."""
        leaf = durable.text_of(self._state.next_certificate)
        if not leaf:
            return
        with contextlib.suppress(AgentError):
            if not self._is_for_next_key(leaf):
                durable.move(self._state.next_certificate, self._state.certificate)


def _only(certificate_pem: str) -> str:
    found = pem.certificates(certificate_pem)
    if len(found) != 1:
        raise AgentError(f"There must be one certificate, not {len(found)}; {KEPT}.")
    return found[0]


def _authorities(ca_pem: str) -> str:
    found = pem.certificates(ca_pem)
    if not found:
        raise AgentError(f"There must be an authority's certificate; {KEPT}.")
    return "".join(found)


def _check(leaf: str, authorities: str, purpose: Purpose, what: str) -> None:
    if reason := openssl.verify(leaf, authorities=authorities, purpose=purpose):
        raise AgentError(f"{what} does not hold under these authorities ({reason}); {KEPT}.")


def _check_controller(controller: str, authorities: str) -> None:
    if controller:
        _check(controller, authorities, Purpose.CLIENT, "The controller's own certificate")
