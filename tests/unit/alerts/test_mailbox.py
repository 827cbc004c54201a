"""Addresses of people are addresses that channels can write to, and no others are."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.alerts.channels.bodies import PutChannel
from functions.alerts.channels.mail import mail
from functions.alerts.incidents.bodies import PutPerson
from functions.alerts.mailbox import PATTERN, mailable
from tests.unit.alerts.channels.letters import letter
from tests.unit.alerts.channels.test_payloads import MAIL

FINE = ["ada@example.com", "o'brien+night@mail.example.co.uk", "a.b_c%d-e@x1.fr"]
NOT_MAILABLE = [
    "zoé@exemple.fr",
    "ada@exämple.fr",
    "a,b@example.com",
    "a;b@example.com",
    "a<b@example.com",
    '"x@example.com',
    "(c)x@example.fr",
    "ok@example.com\\",
    "x@example.fr,",
    "ada@example",
    ".ada@example.com",
    "a..b@example.com",
    "ada@-example.com",
    "ada@example.com\n",
    "ada@example.com\nBcc: eve@example.com",
    f"{'a' * 250}@example.com",
]


def accepted(address: str) -> list[bool]:
    """By the definition of a person, and by that of a channel."""
    person = {"name": "Ada", "levels": ["L2"], "email": address}
    channel = {
        "kind": "email",
        "server": {"host": "smtp.example.com"},
        "sender": "palier@example.com",
        "recipients": [address],
    }
    found = []
    for body, data in ((PutPerson, person), (PutChannel, channel)):
        try:
            body.model_validate({"reason": "x", **data})
        except ValidationError:
            found.append(False)
        else:
            found.append(True)
    return found


@pytest.mark.parametrize("address", FINE)
def test_an_address(address: str) -> None:
    assert [mailable(address), *accepted(address)] == [True] * 3


@pytest.mark.parametrize("address", NOT_MAILABLE)
def test_no_address(address: str) -> None:
    assert [mailable(address), *accepted(address)] == [False] * 3


@given(st.lists(st.from_regex(PATTERN.removesuffix("$") + r"\Z").filter(mailable), min_size=1))
def test_what_is_mailable_stands_in_a_mail_as_it_is(addresses: list[str]) -> None:
    raw = mail(letter(), replace(MAIL, recipients=tuple(addresses))).as_bytes()
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert [address for _, address in getaddresses([str(found["To"])])] == addresses
    assert all(address.isascii() for address in addresses)
