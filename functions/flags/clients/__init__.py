"""What client apps call: OFREP, the callable. Evaluates, never writes a flag."""
