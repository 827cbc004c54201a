"""A Cloud Run Admin API for one machine: Google has no emulator for it.

It takes what the real client sends and behaves as documented: revisions, tags, etags, an update
that is only validated, and traffic that follows what was asked for after a while, or never.
"""
