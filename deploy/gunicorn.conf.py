"""gunicorn behind nginx: ``web`` serves pages, ``upload`` takes part bodies (many slow connections, threads each)."""  # noqa: INP001

import os

from mag_portal.lingering import post_request
from mag_portal.open_files import allow_many

__all__ = ["post_request"]

allow_many()

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("GUNICORN_WORKERS", "3"))
threads = int(os.environ.get("GUNICORN_THREADS", "16"))
# Beyond the threads, for connections that nginx keeps open and that bring nothing at the moment.
worker_connections = threads + 1024
# nginx keeps its connections to us open; it is nginx that ends idle ones.
keepalive = 75
graceful_timeout = 60
worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True
