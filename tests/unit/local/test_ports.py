from __future__ import annotations

import re
import socket

import pytest

from local import ports
from local.ports import HOST, PortError, Ports


def test_the_defaults_differ_from_one_another() -> None:
    chosen = list(ports.from_environment({}).named().values())
    assert len(set(chosen)) == len(chosen)


def test_an_environment_variable_chooses_a_port() -> None:
    chosen = ports.from_environment({"PALIER_PORT_FIRESTORE": "18080", "PALIER_PORT_AUTH": " "})
    assert (chosen.firestore, chosen.auth) == (18080, Ports().auth)


@pytest.mark.parametrize("text", ["http", "80", "65536", "-1", "8080.0", "٨٠٨٠"])
def test_what_is_no_port_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(PortError, match="PALIER_PORT_HOSTING=" + re.escape(text)):
        ports.from_environment({"PALIER_PORT_HOSTING": text})


def test_two_servers_cannot_share_a_port() -> None:
    with pytest.raises(
        PortError, match=r"PALIER_PORT_FIRESTORE and PALIER_PORT_AUTH both are 9099"
    ):
        ports.from_environment({"PALIER_PORT_FIRESTORE": "9099"})


def test_a_port_in_use_is_named_with_its_remedy() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=rf"port {port} \(auth\).*PALIER_PORT_AUTH="):
            ports.require_free({"auth": port})
    ports.require_free({"auth": port})


def test_free_ports_are_free_and_differ() -> None:
    chosen = ports.free().named()
    assert len(set(chosen.values())) == len(chosen)
    ports.require_free(chosen)
