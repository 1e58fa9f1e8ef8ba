"""The end of a certificate, as OpenSSL's own library wrote it."""

from datetime import UTC, datetime

import pytest
import trustme

from dce_agent.certificate import not_after_unix_s


@pytest.mark.parametrize("year", [2040, 2060])
def test_the_end_is_read_in_both_ways_of_writing_it(year):
    ends = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    made = trustme.CA().issue_cert("node", not_after=ends)
    assert not_after_unix_s(made.cert_chain_pems[0].bytes()) == ends.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_certificate_has_no_end(text):
    assert not_after_unix_s(text) is None
