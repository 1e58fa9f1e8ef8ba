"""The form of an engine's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.nodes.models import EngineEndpoint
from apps.nodes.services import check_engine_socket, check_engine_url, check_tls_file
from dce_portal.errors import InvalidInput


class EngineEndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An engine's address and the files for TLS."""

    class Meta:
        """What a person gives; the rest is found by asking."""

        model = EngineEndpoint
        fields = ("url", "tls_ca", "tls_cert", "tls_key")
        help_texts: ClassVar = {
            "url": _(
                "unix:///path/docker.sock for an engine on the portal's machine,"
                " tcp://host:2376 with the TLS files below for one elsewhere."
            ),
            "tls_ca": _("The CA that signed the engine's certificate, such as ca.pem."),
            "tls_cert": _("The portal's own certificate, such as cert.pem."),
            "tls_key": _("The key to that certificate, such as key.pem."),
        }

    def clean_url(self) -> str:
        """Refuse what cannot be an engine's address, or a socket that cannot be opened."""
        url = str(self.cleaned_data["url"]).strip()
        with _as_field_error():
            check_engine_url(url)
            check_engine_socket(url)
        return url

    def clean_tls_ca(self) -> str:
        """Refuse a file that cannot be read."""
        return self._readable("tls_ca")

    def clean_tls_cert(self) -> str:
        """Refuse a file that cannot be read."""
        return self._readable("tls_cert")

    def clean_tls_key(self) -> str:
        """Refuse a file that cannot be read."""
        return self._readable("tls_key")

    def clean(self) -> None:
        """A certificate and its key come together, and sockets have neither."""
        given = {name for name in ("tls_ca", "tls_cert", "tls_key") if self.cleaned_data.get(name)}
        if len(given & {"tls_cert", "tls_key"}) == 1 and not self.errors:
            (missing,) = {"tls_cert", "tls_key"} - given
            self.add_error(missing, _("Name both the certificate and its key, or neither."))
        if given and str(self.cleaned_data.get("url", "")).startswith("unix:"):
            self.add_error(given.pop(), _("A socket on this machine has no TLS; leave this empty."))

    def _readable(self, name: str) -> str:
        path = str(self.cleaned_data[name]).strip()
        with _as_field_error():
            check_tls_file(path, field=name)
        return path


@contextmanager
def _as_field_error() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise forms.ValidationError(error.message) from error
