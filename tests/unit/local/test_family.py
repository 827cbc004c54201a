from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from local import family
from local.family import Seen

LISTING = """\
    1     0     1 Ss   Mon Nov 21 01:20:00 2026
   10     1    10 Ss   Mon Nov 21 01:30:00 2026
   11    10    10 S    Mon Nov 21 01:30:01 2026
   12    11    12 S    Mon Nov 21 01:30:02 2026
   13     1    10 S    Mon Nov 21 01:30:03 2026
   14    13    10 Z    Mon Nov 21 01:30:03 2026
   20     1    20 S    Mon Nov 21 01:30:04 2026
   21    20    20 S    Mon Nov 21 01:30:04 2026
garbage
"""


def test_a_line_of_ps_is_read() -> None:
    assert family.parse(LISTING)[1] == Seen(10, 1, 10, "Mon Nov 21 01:30:00 2026")
    assert len(family.parse(LISTING)) == 8


@pytest.mark.parametrize(
    ("leader", "members"),
    [
        pytest.param(10, {10, 11, 12, 13}, id="descendants, and orphans of its group"),
        pytest.param(20, {20, 21}, id="another family"),
        pytest.param(11, {11, 12}, id="a member of a group is not its leader"),
        pytest.param(99, set(), id="nobody"),
    ],
)
def test_a_family_has_no_strangers_and_no_zombies(leader: int, members: set[int]) -> None:
    assert {each.pid for each in family.of(leader, family.parse(LISTING))} == members


STAT = "4711 (a (strange) name) S 1 4710 4710 0 -1 4194560 1 0 0 0 2 3 0 0 20 0 1 0 987654 1 1"


def test_a_line_of_proc_is_read() -> None:
    assert family.parse_stat(STAT) == Seen(4711, 1, 4710, "987654")
    zombie = family.parse_stat(STAT.replace(" S ", " Z "))
    assert zombie is not None
    assert zombie.zombie
    assert family.parse_stat("4711 (half a li") is None


@pytest.mark.parametrize("listing", [family.everybody, family.everybody_by_ps])
def test_both_ways_find_ourselves(listing: Callable[[], list[Seen]]) -> None:
    ours = next(each for each in listing() if each.pid == os.getpid())
    assert (ours.parent, ours.group, ours.zombie) == (os.getppid(), os.getpgid(0), False)
    assert ours.started
