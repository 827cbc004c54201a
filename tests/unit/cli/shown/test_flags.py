"""What people read of flags."""

from __future__ import annotations

from typing import Any

from cli.shown import flags as shown

FLAG: dict[str, Any] = {
    "key": "banner",
    "definition": {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off"},
    "description": "A banner.",
    "owner": "",
    "client": True,
    "tags": [],
    "permanent": False,
    "ends_at": None,
    "prerequisites": [],
    "targets": {},
    "off_variant": None,
    "revision": 3,
    "archived": False,
    "killed": False,
    "split": None,
    "updated_at": 1_800_000_000.0,
}
RULES = {"if": [{"==": [{"var": "country"}, "FR"]}, "on"]}
SPLIT = {"rollout": "r-1", "control": "off", "candidate": "on", "percentage": 2.5}


def test_flags() -> None:
    split = {**FLAG, "key": "other", "split": {"rollout": "r-1"}, "client": False}
    archived = {**FLAG, "key": "old", "archived": True, "definition": {"variants": {"on": True}}}
    killed = {**FLAG, "key": "sick", "killed": True, "description": "Two\nlines."}
    assert shown.flags([FLAG, split, archived, killed]).splitlines() == [
        "KEY     STATE        VARIANTS  DEFAULT  CLIENT  REVISION  DESCRIPTION",
        "banner  enabled      on, off   off      yes     3         A banner.",
        "other   rollout r-1  on, off   off      no      3         A banner.",
        "old     archived     on        -        yes     3         A banner.",
        "sick    killed       on, off   off      yes     3         Two lines.",
    ]
    assert shown.flags([]) == "No flags yet."


def test_a_flag_with_all_there_is() -> None:
    whole = {
        **FLAG,
        "definition": {**FLAG["definition"], "targeting": RULES, "metadata": {"team": "x"}},
        "owner": "reading",
        "tags": ["a", "b"],
        "ends_at": 1_900_000_000.0,
        "prerequisites": [{"flag": "library", "variants": ["on", "new"]}],
        "targets": {"on": [f"u{number}" for number in range(12)], "off": []},
        "off_variant": "off",
        "split": SPLIT,
    }
    assert shown.flag(whole).splitlines() == [
        "banner: rollout r-1",
        "A banner.",
        "",
        '  variants   {"on": 1, "off": 0}',
        "  default    off",
        "  seen by    client apps and servers",
        "  owner      reading",
        "  tags       a, b",
        "  stays      until 2030-03-17 17:46:40 UTC",
        '  metadata   {"team": "x"}',
        "  revision   3, changed at 2027-01-15 08:00:00 UTC",
        "  evaluated  not since this has been counted",
        "",
        "What decides, from the first to the last:",
        "  kill switch   not pulled; it gives off",
        "  prerequisite  library gives on or new, else off",
        "  users of on   u0, u1, u2, u3, u4, u5, u6, u7, u8, u9 and 2 more",
        '  rules         {"if": [{"==": [{"var": "country"}, "FR"]}, "on"]}',
        "  rollout r-1   2.5 % on, the others off",
        "  else          off",
    ]


def test_a_flag_with_little() -> None:
    bare = {**FLAG, "definition": {"state": "DISABLED", "variants": {"on": True}}, "client": False}
    assert shown.flag({**bare, "description": "", "permanent": True}).splitlines() == [
        "banner: disabled",
        "",
        '  variants   {"on": true}',
        "  default    the default in the app's code",
        "  seen by    servers only",
        "  stays      for good",
        "  revision   3, changed at 2027-01-15 08:00:00 UTC",
        "  evaluated  not since this has been counted",
        "",
        "What decides, from the first to the last:",
        "  kill switch  not pulled; it gives the default in the app's code",
        "  state        disabled: the default in the app's code",
        "  else         the default in the app's code",
    ]
    assert "It is archived" in shown.flag({**bare, "archived": True})


def test_long_rules_stand_below_each_other() -> None:
    rules = {"if": [{"==": [{"var": f"a-rather-long-name-{n}"}, n]} for n in range(4)]}
    definition = {**FLAG["definition"], "targeting": rules}
    lines = shown.flag({**FLAG, "definition": definition}).splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("  rules"))
    assert lines[first : first + 2] == ["  rules        {", '                 "if": [']


def test_what_a_change_did() -> None:
    def said(command: str, to: int | None = None, **more: Any) -> str:
        return shown.changed({"generation": 9, "flag": {**FLAG, **more}}, command, to)

    assert said("kill", off_variant="off") == (
        "banner is killed: everybody gets off.\nGeneration 9 is being served."
    )
    assert said("kill").startswith(
        "banner is killed: everybody gets the default in the app's code."
    )
    assert said("restore", 2).startswith("banner is as it was at revision 2.")
    assert said("restore").startswith("banner is published again.")


def test_history() -> None:
    def revision(number: int, **content: Any) -> dict[str, Any]:
        who = {"at": 1_800_000_000.0 + number, "by": "person:ada", "reason": f"why {number}"}
        switches = {"archived": False, "killed": False}
        return {"revision": number, **who, **switches, "content": {"owner": "me", **content}}

    found = [revision(2, owner="you"), {**revision(1), "reason": ""}]
    assert shown.history(found, None).splitlines() == [
        "revision 2  2027-01-15 08:00:02 UTC  person:ada",
        "  why 2",
        '    - owner: "me"',
        '    + owner: "you"',
        "",
        "revision 1  2027-01-15 08:00:01 UTC  person:ada",
        "    created",
    ]
    assert shown.history(found[:1], revision(1)).endswith('+ owner: "you"')
    assert shown.history(found[:1], None).endswith("what came before is no longer kept")
    killed, archived = {**revision(3), "killed": True}, {**revision(4), "archived": True}
    told = shown.history([archived, killed, revision(2)], revision(1)).split("\n\n")
    assert [each.splitlines()[2:] for each in told] == [
        ["    revived", "    archived"],
        ["    killed"],
        ["    nothing is different"],
    ]
    assert shown.history([], None) == "Nothing is known of its past."
