"""Enough open files for many slow lines: each is two, its connection and its part on the disk.

Most systems give a program 1,024 unless it asks for more, and gunicorn does not survive the connection that is one too many.
"""

from __future__ import annotations

import resource

ENOUGH = 65536


def allow_many() -> None:
    """Raise this process's own limit as far as the system lets it, and that of those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
