"""One attempt, over real sockets: it ends in time, checks whom it talks to, and follows nobody."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from functions.alerts.channels import pagerduty, transport
from functions.alerts.channels.channel import MailServer
from functions.alerts.channels.mail import mail
from functions.alerts.channels.outcome import Became, Outcome
from functions.alerts.channels.post import Post
from functions.alerts.channels.transport import Transport, Unreached
from functions.clock import ManualClock
from tests.servers.receiver import MailReceiver, Receiver, drip, drop, hang, status, taken
from tests.unit.alerts.channels.letters import letter
from tests.unit.alerts.channels.test_payloads import MAIL

SECONDS = 0.4
HERE = Transport(local=True, seconds=SECONDS)
MESSAGE = mail(letter(), MAIL)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost and its key, in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> Callable[[], ssl.SSLContext]:
    return lambda: ssl.create_default_context(cafile=str(certificate))


def post(address: str, sender: Transport = HERE) -> int:
    return sender.post(Post(address, {"X-Mark": "here"}, b'{"a": 1}')).status


def test_a_post_arrives_as_it_is() -> None:
    with Receiver([status(429, "slow down", Retry_After="7")]) as server:
        port = server.port
        answer = HERE.post(Post(f"{server.address}?k=v", {"X-Mark": "here"}, b'{"a": 1}'))
    assert (answer.status, answer.text, answer.retry_after) == (429, "slow down", "7")
    [received] = server.received
    assert (received.path, received.json) == ("/in?k=v", {"a": 1})
    assert received.headers["x-mark"] == "here"
    assert received.headers["host"] == f"127.0.0.1:{port}"


@pytest.mark.parametrize("behaviour", [hang, drip, drop], ids=["hang", "drip", "drop"])
def test_an_attempt_ends_in_time(behaviour: Any) -> None:
    with Receiver([behaviour]) as server:
        began = time.monotonic()
        with pytest.raises(Unreached):
            post(server.address)
        assert time.monotonic() - began < SECONDS + 0.5


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    def endless(exchange: Any) -> None:
        exchange.connection.sendall(b"HTTP/1.1 200 x\r\n\r\n" + b"x" * 5000)
        exchange.stopping.wait(5)

    with Receiver([endless]) as server:
        assert post(server.address) == 200


def test_what_is_no_http_is_no_answer() -> None:
    def greets(exchange: Any) -> None:
        exchange.connection.sendall(b"hello\r\n\r\n")

    with Receiver([greets]) as server, pytest.raises(Unreached):
        post(server.address)


def test_redirections_are_not_followed() -> None:
    with Receiver([taken()]) as other, Receiver([status(307, Location=other.address)]) as server:
        assert post(server.address) == 307
        assert other.received == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://x/"])
def test_without_the_setting_this_machine_is_not_called(address: str) -> None:
    with pytest.raises(Unreached):
        post(address, Transport(seconds=SECONDS))


def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked when it is called, and that address is the one that is called."""
    with Receiver([taken()]) as server:
        inside = [(2, 1, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
        with pytest.raises(Unreached, match="not public"):
            post(f"https://hooks.example.com:{server.port}/", Transport(seconds=SECONDS))
        assert server.received == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: post("http://hooks.example.com/"),
        lambda: HERE.mail(MailServer("smtp.example.com", 587), "", MESSAGE),
    ],
    ids=["post", "mail"],
)
def test_a_resolver_that_hangs_costs_one_time_limit(
    monkeypatch: pytest.MonkeyPatch, attempt: Callable[[], object]
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked.wait(30))
    began = time.monotonic()
    with pytest.raises(Unreached, match="no answer in time"):
        attempt()
    took = time.monotonic() - began
    asked.set()
    assert SECONDS - 0.1 < took < SECONDS + 0.5


def test_a_resolver_that_takes_most_of_the_time_leaves_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To connect is no attempt of its own."""
    resolve, connect, limits = socket.getaddrinfo, socket.create_connection, []

    def slow(*given: Any, **named: Any) -> Any:
        time.sleep(1)
        return resolve(*given, **named)

    def connected(address: tuple[str, int], seconds: float) -> socket.socket:
        limits.append(seconds)
        return connect(address, seconds)

    with Receiver([taken()]) as server:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        monkeypatch.setattr(socket, "create_connection", connected)
        assert post(server.address, Transport(local=True, seconds=5)) == 202
    assert 0 < limits[0] <= 4


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known: hooks.example.com")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreached, match=r"^no answer: gaierror \(-2\)$"):
        post("http://hooks.example.com/")


def test_who_was_held_up_until_the_time_was_over_sends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that is put to sleep between connecting and sending; its timer sleeps as well."""
    clock, connect = ManualClock(), socket.create_connection

    def connected(*given: Any, **named: Any) -> socket.socket:
        clock.advance(60)
        return connect(*given, **named)

    with Receiver([taken()]) as server:
        monkeypatch.setattr(socket, "create_connection", connected)
        with pytest.raises(Unreached, match="no answer in time"):
            post(server.address, Transport(local=True, seconds=5, clock=clock))
        assert server.received == []


@pytest.fixture
def secure(serving: ssl.SSLContext) -> Iterator[Receiver]:
    class Secure(Receiver):
        def _serve(self, connection: socket.socket) -> None:
            try:
                with serving.wrap_socket(connection, server_side=True) as wrapped:
                    super()._serve(wrapped)
            except OSError:
                return

    with Secure([taken()]) as server:
        yield server


def test_over_tls(secure: Receiver, trusting: Callable[[], ssl.SSLContext]) -> None:
    sender = Transport(local=True, seconds=2, trusted=trusting)
    assert post(f"https://localhost:{secure.port}/in", sender) == 202


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Receiver) -> None:
    with pytest.raises(Unreached, match="certificate"):
        post(f"https://localhost:{secure.port}/in", Transport(local=True, seconds=2))
    assert secure.received == []


def test_a_handshake_that_never_ends_is_ended(trusting: Callable[[], ssl.SSLContext]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dripping() -> None:
            connection, _ = server.accept()
            with connection:
                for piece in [b"\x16\x03\x03\x40\x00", *[b"\x00"] * 60]:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=dripping, daemon=True).start()
        began = time.monotonic()
        sender = Transport(local=True, seconds=SECONDS, trusted=trusting)
        with pytest.raises(Unreached):
            post(f"https://127.0.0.1:{server.getsockname()[1]}/", sender)
        assert time.monotonic() - began > SECONDS - 0.1, "the time was up, nothing else"
        assert time.monotonic() - began < SECONDS + 0.5


# SMTP


def sent(server: MailReceiver, sender: Transport = HERE, username: str = "") -> Outcome:
    return sender.mail(MailServer("localhost", server.port, username), "a-password", MESSAGE)


def test_a_mail_arrives() -> None:
    with MailReceiver([taken()]) as server:
        assert sent(server).became is Became.TAKEN
    [(to, data)] = server.mails
    assert to == ["a@example.com", "b@example.com"]
    assert b"Subject: stories 1.3.0 fails" in data


@pytest.mark.parametrize(
    ("code", "became"),
    [(451, Became.LATER), (421, Became.LATER), (554, Became.NEVER), (552, Became.NEVER)],
)
def test_a_mail_that_is_not_taken(code: int, became: Became) -> None:
    with MailReceiver([taken()], codes=[code]) as server:
        outcome = sent(server)
    assert (outcome.became, str(code) in outcome.reason) == (became, True)


def test_taken_and_then_the_connection_is_dropped() -> None:
    with MailReceiver([taken()], codes=[0]) as server, pytest.raises(Unreached):
        sent(server)
    assert len(server.mails) == 1


def test_some_recipients_are_refused() -> None:
    with MailReceiver([taken()], refused=["a@example.com"]) as server:
        outcome = sent(server)
    assert outcome == Outcome(Became.TAKEN, "1 of the recipients were refused")
    with MailReceiver([taken()], refused=["a@example.com", "b@example.com"]) as server:
        assert sent(server).became is Became.NEVER


def test_mail_goes_over_tls_and_the_password_with_it(
    serving: ssl.SSLContext, trusting: Callable[[], ssl.SSLContext]
) -> None:
    sender = Transport(local=True, seconds=2, trusted=trusting)
    with MailReceiver([taken()], tls=serving) as server:
        assert sent(server, sender, "palier").became is Became.TAKEN
    assert len(server.logins) == 1


def test_without_tls_no_password_is_told(trusting: Callable[[], ssl.SSLContext]) -> None:
    sender = Transport(local=True, seconds=2, trusted=trusting)
    with MailReceiver([taken()]) as server, pytest.raises(Unreached):
        sent(server, sender, "palier")
    assert (server.logins, server.mails) == ([], [])


def test_a_mail_server_with_another_certificate_gets_nothing(serving: ssl.SSLContext) -> None:
    with MailReceiver([taken()], tls=serving) as server, pytest.raises(Unreached):
        sent(server, Transport(local=True, seconds=2), "palier")
    assert (server.logins, server.mails) == ([], [])


def test_a_mail_server_that_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(Unreached):
            HERE.mail(MailServer("127.0.0.1", server.getsockname()[1]), "", MESSAGE)
        assert time.monotonic() - began < SECONDS + 0.5


def test_the_time_limit_is_shorter_than_a_claim() -> None:
    from functions.alerts.outbox.delivery import ATTEMPT_SECONDS, CLAIM_SECONDS

    most_posts = 1 + pagerduty.CLOSED_AT_ONCE
    assert transport.SECONDS * most_posts < ATTEMPT_SECONDS
    assert ATTEMPT_SECONDS * 2 < CLAIM_SECONDS
