"""What gunicorn's pools add on a laptop: a worker dies with its master, even when that is killed.

Without it a killed master's workers would hold the port while their successors try to bind it.
"""

from __future__ import annotations

import ctypes
import signal
from typing import Any

from mag_portal.expectations import pre_request
from mag_portal.lingering import post_request
from mag_portal.open_files import allow_many

__all__ = ["post_fork", "post_request", "pre_request"]

PR_SET_PDEATHSIG = 1

allow_many()


def post_fork(_master: Any, _worker: Any) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
