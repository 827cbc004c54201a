"""A Cloud Monitoring for one machine: Google has no emulator for it.

It takes what the real client sends, enforces the documented rules, keeps a day in memory and shows
it as graphs. A rule that Google's documentation leaves open is enforced in its stricter reading.
"""

FIRST_CHANNEL = "on-call"
"""The id of the notification channel that a server begins with."""
