"""main.py where App Check's public keys are at a local address; what verifies tokens with them is
firebase_admin's own code, unchanged."""

import os

from firebase_admin import app_check

app_check._AppCheckService._JWKS_URL = os.environ["TESTS_APP_CHECK_KEYS"]

from main import *  # noqa: E402, F403
