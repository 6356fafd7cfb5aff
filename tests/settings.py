"""The gateway's settings for one test process: its own Redis database, bucket and folders beside those of other workers.

pytest-django loads this before any of our modules, so that nothing has read the shared values yet.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import pytest

SERVICES = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "DATA_DIR")


def refuse_without_services() -> None:
    missing = [name for name in ("MAG_ENV", *SERVICES) if not os.environ.get(name)]
    if missing:
        raise pytest.UsageError(
            f"The tests need real services and {', '.join(missing)} is not set: run `make test ARGS=…`, or "
            "`.venv/bin/python -m mag_portal.local.with_services .venv/bin/pytest …`."
        )
    if os.environ["MAG_ENV"] != "test":
        raise pytest.UsageError("The tests empty what they run on: they run with MAG_ENV=test only.")


def take_own_share() -> None:
    """Give this xdist worker, and every process it starts, its own part of the shared services."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    if os.environ.get("MAG_TEST_WORKER") == worker:
        return
    number = 0 if worker == "main" else int(worker.removeprefix("gw")) + 1
    data_dir = os.environ["DATA_DIR"]
    os.environ |= {
        "MAG_TEST_WORKER": worker,
        "REDIS_URL": urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}")),
        "S3_BUCKET": f"mag-test-{worker}",
        "DATA_DIR": f"{data_dir}/{worker}",
        "STAGING_DIR": f"{data_dir}/{worker}/staging",
    }


refuse_without_services()
take_own_share()

from mag_portal.settings import *  # noqa: E402, F403
