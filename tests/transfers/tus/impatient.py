"""gunicorn's configuration for the pool of these tests: as on a laptop, and with little patience for silent lines."""

from __future__ import annotations

import os
from typing import Any

from mag_portal.local.gunicorn import post_fork, pre_request

__all__ = ["post_fork", "post_worker_init", "pre_request"]


def post_worker_init(_worker: Any) -> None:
    from transfers.views import bodies

    bodies.STALLED_AFTER_SECONDS = int(os.environ["TEST_PATIENCE_SECONDS"])
