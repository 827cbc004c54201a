"""The `palier` command: a client of the admin API, and what an operator does with own credentials.

Standard library only until a verb needs more, so that it starts quickly.
"""
