"""Flags: definitions in flagd's JSON, compiled once, evaluated in memory, served over OFREP."""
