"""Channels and routes as they are kept and published: definitions, and secrets apart from them."""

from __future__ import annotations

from functions.alerts.channels.channel import audited
from functions.catalog import Catalog

CHANNELS = Catalog("channels", "channel", 50, audited)
ROUTES = Catalog("routes", "route", 100)
