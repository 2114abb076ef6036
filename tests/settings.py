"""The settings of tests: the product's own, with keys that protect nothing and a broker that is not there."""

import base64
import os
import tempfile
from pathlib import Path

os.environ.update(
    {
        "DATABASE_URL": "postgresql://holdfast_app@127.0.0.1:1/none",  # the `world` fixture points elsewhere
        "BROKER_URL": "stub://",
        "HOLDFAST_SECRET_KEY": "tests-only-secret-key-that-protects-nothing",
        "HOLDFAST_KEK": base64.urlsafe_b64encode(b"tests-only-key-encryption-key-32").decode(),
        "HOLDFAST_DATA": str(Path(tempfile.gettempdir()) / f"holdfast-tests-{os.getpid()}-data"),
        "HOLDFAST_CALENDAR_FRESH_SECONDS": "0",
        "HOLDFAST_CALENDAR_HOLD_SECONDS": "0",
    }
)

from holdfast.settings import *  # noqa: F403  after the environment is set
