"""Tests of alerts: a synthetic breach with a mark, followed from the rule to who is told."""
