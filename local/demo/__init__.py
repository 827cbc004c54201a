"""`make demo`: Palier at work, with real users, a bad release and a good one."""
