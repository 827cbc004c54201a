"""The edge: one request or one mail, to its end or to its time limit.

The address that was checked is the one that is called: a name that resolves to something else the
second time leads nowhere. No redirection is followed, no proxy asked.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue

from functions.alerts.channels.address import Target, public, target
from functions.alerts.channels.channel import MailServer
from functions.alerts.channels.outcome import Answer, Became, Outcome, in_a_line
from functions.alerts.channels.post import Post
from functions.clock import Clock, SystemClock

SECONDS = 5.0
"""For the whole of one attempt, however slowly the receiver drips."""

READ_BYTES = 1_000
IMPLICIT_TLS = 465
USER_AGENT = "Palier"


class Unreached(Exception):
    """No answer came. What was sent may have arrived."""


@dataclass(frozen=True)
class Transport:
    """`local`: receivers on this machine and in its network are called too, without TLS."""

    local: bool = False
    seconds: float = SECONDS
    trusted: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self.trusted()

    def post(self, post: Post) -> Answer:
        """Raises Unreached."""
        headers = {"Content-Type": "application/json", **post.headers}
        return self._ask("POST", post.url, post.body, headers)

    def get(self, url: str) -> Answer:
        """Raises Unreached."""
        return self._ask("GET", url, None, {})

    def head(self, url: str, headers: Mapping[str, str]) -> int:
        """The status alone. Raises Unreached."""
        return self._ask("HEAD", url, None, headers).status

    def _ask(self, method: str, url: str, body: bytes | None, given: Mapping[str, str]) -> Answer:
        with _told():
            to = target(url, self.local)
            connection = self._connection(to)
            with closing(connection), _within(self.seconds, self.clock) as line:
                connection.sock = self._connected(to, line)
                headers = {"User-Agent": USER_AGENT, "Connection": "close", **given}
                line.require_time()
                connection.request(method, to.path, body, headers)
                answer = connection.getresponse()
                text = answer.read(READ_BYTES).decode(errors="replace")
                retry_after = answer.getheader("Retry-After") or ""
                return Answer(answer.status, text, retry_after)

    def mail(self, server: MailServer, password: str, message: EmailMessage) -> Outcome:
        """Raises Unreached."""
        with _told():
            try:
                return self._mail(server, password, message)
            except smtplib.SMTPRecipientsRefused as refused:
                return _of_codes([code for code, _ in refused.recipients.values()])
            except smtplib.SMTPAuthenticationError as refused:
                return Outcome(Became.LATER, f"{refused.smtp_code}: name or password was refused")
            except smtplib.SMTPResponseException as refused:
                return _of_codes([refused.smtp_code])

    def _mail(self, server: MailServer, password: str, message: EmailMessage) -> Outcome:
        to = Target(server.host, server.port, "", server.port == IMPLICIT_TLS)
        client = smtplib.SMTP(timeout=self.seconds, local_hostname="palier")
        with closing(client), _within(self.seconds, self.clock) as line:
            client._host = server.host  # type: ignore[attr-defined] # what STARTTLS checks
            client.sock = self._connected(to, line)
            code, _ = client.getreply()
            if code != 220:
                return _of_codes([code])
            if not to.secure and not (self.local and not server.username):
                client.starttls(context=self._context)
            if server.username:
                client.login(server.username, password)
            line.require_time()
            refused = client.send_message(message)
            _leave(client)
        if refused:
            return Outcome(Became.TAKEN, f"{len(refused)} of the recipients were refused")
        return Outcome(Became.TAKEN)

    def _connection(self, to: Target) -> HTTPConnection:
        if to.secure:
            return HTTPSConnection(to.host, to.port, timeout=self.seconds, context=self._context)
        return HTTPConnection(to.host, to.port, timeout=self.seconds)

    def _connected(self, to: Target, line: _Line) -> socket.socket:
        address = self._address(to, line)
        plain = socket.create_connection((address, to.port), line.left())
        plain.settimeout(self.seconds)
        line.hold(plain)
        if not to.secure:
            return plain
        return self._context.wrap_socket(plain, server_hostname=to.host)

    def _address(self, to: Target, line: _Line) -> str:
        """The first address of the host, once all of them are known to be public."""
        found = _resolved(to.host, to.port, line.left())
        if not self.local and not all(public(each) for each in found):
            raise Unreached("the name leads to an address that is not public")
        return found[0]


def _resolved(host: str, port: int, seconds: float) -> list[str]:
    """Its addresses. Raises OSError, TimeoutError.

    The system's resolver knows no time limit: one that hangs is left behind in a thread of its own.
    """
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(each[4][0]) for each in found])
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Unreached(
            in_a_line(f"its certificate is not accepted: {error.verify_message}")
        ) from error
    except TimeoutError as error:
        raise Unreached("no answer in time") from error
    except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:
        raise Unreached(in_a_line(f"no answer: {type(error).__name__} {_number(error)}")) from error


class _Line:
    """The time of an attempt, and a second handle of its connection, which ends it whatever TLS
    makes of the first."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._ends = clock.monotonic() + seconds
        self._handle: socket.socket | None = None
        self.over = False

    def left(self) -> float:
        """Seconds, more than none. Raises TimeoutError."""
        left = self._ends - self._clock.monotonic()
        if self.over or left <= 0:
            raise TimeoutError
        return left

    def require_time(self) -> None:
        """Just before something is sent: a process that was held up sends nothing when its time is
        over, for somebody else may be at it. Raises TimeoutError."""
        self.left()

    def hold(self, connection: socket.socket) -> None:
        self._handle = connection.dup()
        if self.over:
            self.end()

    def end(self) -> None:
        self.over = True
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._handle is not None:
            self.end()
            self._handle.close()


@contextmanager
def _within(seconds: float, clock: Clock) -> Iterator[_Line]:
    """Ends the connection when the time is over: a receiver that drips passes every read's own."""
    line = _Line(seconds, clock)
    timer = threading.Timer(seconds, line.end)
    timer.daemon = True
    timer.start()
    try:
        yield line
    except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:
        if line.over:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        line.close()


def _leave(client: smtplib.SMTP) -> None:
    """The mail was taken; how the server says goodbye is its own business."""
    with suppress(OSError, smtplib.SMTPException):
        client.quit()


def _number(error: Exception) -> str:
    """The error's number: its words may quote the address."""
    number = getattr(error, "errno", None)
    return f"({number})" if number else ""


def _of_codes(codes: list[int]) -> Outcome:
    """4xx is the server's trouble of the moment; 5xx is its last word on this mail."""
    reason = f"the mail server answered {', '.join(map(str, sorted(set(codes))))}"
    if any(code < 500 for code in codes):
        return Outcome(Became.LATER, reason)
    return Outcome(Became.NEVER, reason)
