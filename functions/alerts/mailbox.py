"""An address that mail can be sent to by any server: of people and of channels alike. Pure.

Plain ASCII and no quoting: one address that a server can't take would keep a mail from everybody.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

LONGEST = 254
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LOCAL = r"[A-Za-z0-9_%+'-]{1,64}(\.[A-Za-z0-9_%+'-]{1,64}){0,31}"
PATTERN = rf"^{LOCAL}@{LABEL}(\.{LABEL})+$"

Mailbox = Annotated[str, StringConstraints(pattern=PATTERN, max_length=LONGEST)]


def mailable(address: str) -> bool:
    return len(address) <= LONGEST and re.fullmatch(PATTERN, address) is not None
