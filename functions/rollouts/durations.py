"""Lengths of time, and how people say them. Pure."""

HOUR = 3600.0
DAY = 24 * HOUR


def duration(seconds: float) -> str:
    """45 s, 12 min, 3 h or 2 days: as people say it."""
    for size, name in ((DAY, "days"), (HOUR, "h"), (60.0, "min")):
        if seconds >= size:
            value = round(seconds / size, 1)
            return "1 day" if name == "days" and value == 1 else f"{value:g} {name}"
    return f"{seconds:.0f} s"
