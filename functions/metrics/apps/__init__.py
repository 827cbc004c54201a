"""Events that apps send: metrics that were declared, counted for the arms of what is split."""
