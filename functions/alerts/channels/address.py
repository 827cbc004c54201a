"""Where a channel may lead: to the public internet, over TLS. Pure.

A receiver's address is given by people; without these checks the bundle could be made to call the
metadata server or a neighbour in its network.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_URL = 2000
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Target:
    """A URL in the parts that a connection takes. `path` has the query."""

    host: str
    port: int
    path: str
    secure: bool


def target(url: str, local: bool) -> Target:
    """Raises ValueError with what is wrong. `local`: plain HTTP is allowed as well."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(
            f"a URL is printable ASCII without spaces, at most {LONGEST_URL} characters"
        )
    parts = urlsplit(url)
    if parts.scheme not in (("https", "http") if local else ("https",)):
        raise ValueError("only https addresses are called")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address with a name or a password in it is not called")
    if not parts.hostname:
        raise ValueError("the address names no host")
    if not local and not public_name(parts.hostname):
        raise ValueError("only hosts of the public internet are called")
    secure = parts.scheme == "https"
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Target(parts.hostname, parts.port or (443 if secure else 80), path, secure)


def public_name(host: str) -> bool:
    """Whether a host's name may be public. What it resolves to is checked when it is called."""
    try:
        return public(host)
    except ValueError:
        name = host.rstrip(".").lower()
        return "." in name and not name.endswith((".local", ".internal", ".localhost"))


def public(address: str) -> bool:
    """Whether an IP address is one of the public internet. Raises ValueError when it is none."""
    found = ipaddress.ip_address(address)
    inner = _inner(found)
    return found.is_global and inner.is_global and not found.is_multicast


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
