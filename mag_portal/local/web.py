"""The gateway's own processes: two gunicorn pools, the Celery workers and beat."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from mag_portal.local import programs
from mag_portal.local.choices import REPOSITORY
from mag_portal.local.ports import LOOPBACK
from mag_portal.local.process import Process

PAGES_WORKERS, PAGES_THREADS = 2, 8
# A slow sender takes a thread for as long as it sends.
UPLOADS_WORKERS, UPLOADS_THREADS = 1, 1024
# Beyond the threads, for lines that are open and bring nothing at the moment.
IDLE_CONNECTIONS = 1024
WORKER_THREADS = 4


def pages(environment: Mapping[str, str], *, port: int) -> Process:
    return _pool("pages", environment, port=port, workers=PAGES_WORKERS, threads=PAGES_THREADS)


def uploads(environment: Mapping[str, str], *, port: int) -> Process:
    return _pool("uploads", environment, port=port, workers=UPLOADS_WORKERS, threads=UPLOADS_THREADS)


def worker(name: str, environment: Mapping[str, str], *, queue: str) -> Process:
    """A Celery worker that is one process. Rows say what is due, so it may be killed at any time."""
    address = f"{name}@{environment['NODE_NAME']}"
    broker = environment["REDIS_URL"]
    return Process(
        name=name,
        command=(
            *_celery(),
            *("worker", "--pool=threads"),
            *(f"--concurrency={WORKER_THREADS}", f"--queues={queue}", f"--hostname={address}", "--loglevel=INFO"),
            *("--without-gossip", "--without-mingle"),
        ),
        folder=REPOSITORY,
        environment=environment,
        ready=lambda: worker_answers(broker, address),
        stop_within=5.0,
        death_signal=signal.SIGKILL,
    )


def beat(environment: Mapping[str, str], *, folder: Path) -> Process:
    return Process(
        name="beat",
        command=(
            *_celery(),
            *("beat", "--pidfile="),
            *(f"--schedule={folder / 'beat-schedule'}", "--loglevel=INFO"),
        ),
        folder=REPOSITORY,
        environment=environment,
        stop_within=5.0,
        death_signal=signal.SIGKILL,
    )


def management(environment: Mapping[str, str], *arguments: str) -> Process:
    """A management command that runs to its end."""
    return Process(
        name=arguments[0],
        command=(programs.python(), "manage.py", *arguments),
        folder=REPOSITORY,
        environment=environment,
        death_signal=signal.SIGKILL,
    )


def has_command(name: str) -> bool:
    return any(REPOSITORY.glob(f"*/management/commands/{name}.py"))


def worker_answers(broker: str, address: str) -> bool:
    """The worker takes messages from the broker: it answers a ping sent through it."""
    with Celery("question", broker=broker, set_as_current=False) as app:
        try:
            return bool(app.control.ping(destination=[address], timeout=0.5))
        except (OperationalError, RedisError, OSError):
            return False


def http_answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return bool(response.status)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _celery() -> tuple[str, ...]:
    """Checks ran with the first management command; that root may start a laptop's workers is no news."""
    silenced = "ignore:You're running the worker with superuser privileges"
    return (programs.python(), "-W", silenced, "-m", "celery", "--app=mag_portal", "--quiet", "--skip-checks")


def _pool(name: str, environment: Mapping[str, str], *, port: int, workers: int, threads: int) -> Process:
    return Process(
        name=name,
        command=(
            *(programs.python(), "-m", "gunicorn", "mag_portal.wsgi", f"--bind={LOOPBACK}:{port}"),
            *("--config=python:mag_portal.local.gunicorn", "--worker-class=gthread"),
            *(f"--workers={workers}", f"--threads={threads}", f"--worker-connections={threads + IDLE_CONNECTIONS}"),
            *("--graceful-timeout=3", "--no-control-socket", "--log-level=warning"),
        ),
        folder=REPOSITORY,
        # Of many threads each would keep what it freed in an arena of its own.
        environment={"MALLOC_ARENA_MAX": "2", **environment, "MAG_POOL": name},
        ready=lambda: http_answers(f"http://{LOOPBACK}:{port}/healthz"),
        stop_within=6.0,
    )
