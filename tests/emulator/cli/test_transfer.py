"""The verbs that bring flags from one environment into another."""

from __future__ import annotations

from tests.emulator.cli.conftest import Terminal
from tests.emulator.cli.test_flags import DEFINITION, furnish

PROMOTE = ("flags", "promote", "inner", "--to", "production")
INNER = {**DEFINITION, "targeting": None}


def furnish_more(terminal: Terminal) -> None:
    """`inner` needs `reader`, which needs `beta`."""
    furnish(terminal, "staging")
    needs = [{"flag": "reader", "variants": ["on"]}]
    terminal.create(
        "/v1/flags",
        "staging",
        key="inner",
        definition=INNER,
        prerequisites=needs,
        off_variant="off",
    )


def test_a_promotion_with_what_it_needs(terminal: Terminal) -> None:
    furnish_more(terminal)
    refused = terminal.palier(*PROMOTE, "--yes", code=1)
    assert "Not there: the flag reader.\nTo bring what they need as well: --with-needed" in refused
    shown = terminal.palier(*PROMOTE, "--with-needed", code=3)
    assert [line for line in shown.splitlines() if line.startswith("create")] == [
        "create flag inner",
        "create flag reader",
        "create segment beta",
    ]
    assert '  + variants: {"off": false, "on": true}' in shown
    assert terminal.read("flags", "list") == "No flags yet.\n"
    done = terminal.palier(*PROMOTE, "--with-needed", "--yes")
    assert "\n2 flags and 1 segment created. Generation " in done
    again = terminal.palier(*PROMOTE)
    assert "1 flag is the same already." in again


def test_a_copy_tells_what_is_different(terminal: Terminal) -> None:
    furnish_more(terminal)
    terminal.palier(*PROMOTE, "--with-needed", "--yes")
    terminal.palier("flags", "kill", "reader")
    words = ("flags", "copy", "reader", "--from", "staging", "--to", "production")
    terminal.create("/v1/flags", "testing", key="reader", definition=INNER, owner="them")
    from_testing = [word.replace("staging", "testing") for word in words]
    shown = terminal.palier(*from_testing, code=3)
    assert shown.splitlines()[2:8] == [
        "change flag reader",
        '  - targeting: {"if": [{"$ref": "beta"}, "on"]}',
        "  + targeting: null",
        '  - owner: ""',
        '  + owner: "them"',
        '  - off_variant: "off"',
    ]
    assert "  ! It is killed here: it is changed, and stays killed." in shown
    assert "1 flag changed." in terminal.palier(*from_testing, "--yes")
    assert "killed" in terminal.read("flags", "list")


def test_what_is_not_there_is_told(terminal: Terminal) -> None:
    furnish_more(terminal)
    told = terminal.palier("flags", "promote", "nope", "--to", "production", code=1)
    assert "$.flags.nope: There is no flag nope in staging." in told
    terminal.palier("flags", "promote", "reader", "--to", "testing", code=1)
    assert "There is no environment development" in terminal.err
    terminal.palier("flags", "copy", "--from", "staging", "--to", "production", code=1)
    assert "There is nothing to bring" in terminal.err
