"""Cloud Run's traffic, which follows rollbacks: the durable half of a rollback, minutes after the
flag; and the health of what serves."""
