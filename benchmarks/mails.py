"""Mail fan-out: thousands of queued mails through a local SMTP server with two workers; the same while workers are killed.

What is asked: does each mail leave once, how fast, and when workers die by ``kill -9``, is one lost and how many leave twice?
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure
from mag_portal.local import ports

if TYPE_CHECKING:
    from core.models import Mail

MAILS = int(os.environ.get("BENCH_MAILS", "10000"))
KILLS = int(os.environ.get("BENCH_KILLS", "40"))
WORKERS, THREADS = 2, 4
ALONE = 500
SWEEP_EVERY = 10.0
# Far above what any one mail takes here: a claim that is older belongs to a worker that is dead.
AGED = timedelta(seconds=5)
GIVE_UP_AFTER = 1800.0


@dataclass(frozen=True, slots=True)
class FanOut:
    """What became of all mails: ``taken`` says how often the server took each message id."""

    seconds: float
    queueing: float
    taken: Counter[str]
    doubted: frozenset[str]
    unsent: int
    kills: int

    @property
    def lost(self) -> int:
        return self.unsent

    @property
    def doubles(self) -> dict[str, int]:
        return {message: times - 1 for message, times in self.taken.items() if times > 1}

    @property
    def unexplained(self) -> set[str]:
        """Doubles of mails that no worker died over: there must be none."""
        return self.doubles.keys() - self.doubted


def main() -> list[Figure]:
    alone = one_by_one(ALONE)
    calm = fan_out(mails=MAILS, kills=0)
    stormy = fan_out(mails=MAILS, kills=KILLS)
    return [
        *alone,
        Figure("queueing, one transaction each", [calm.queueing * 1000 / MAILS], "ms/mail"),
        *_figures("calm", calm),
        *_figures("with kills", stormy),
    ]


def _figures(title: str, outcome: FanOut) -> list[Figure]:
    note = f"{WORKERS} workers × {THREADS} threads, {outcome.kills} × kill -9"
    taken = sum(outcome.taken.values())
    return [
        Figure(f"{title}: mails a second", [len(outcome.taken) / outcome.seconds], "1/s", note),
        Figure(f"{title}: different mails taken", [len(outcome.taken)], "mails", f"{taken} taken in all"),
        Figure(f"{title}: lost", [outcome.lost], "mails"),
        Figure(f"{title}: taken twice", [sum(outcome.doubles.values())], "mails", "each counted in Mail.doubts"),
        Figure(
            f"{title}: in doubt after a kill", [len(outcome.doubted)], "mails", "sent again with the same Message-ID"
        ),
        Figure(f"{title}: doubles without a doubt", [len(outcome.unexplained)], "mails"),
    ]


def fan_out(*, mails: int, kills: int, environment: Mapping[str, str] | None = None) -> FanOut:
    """Queue ``mails``, let two workers send them, and on the way kill one or the other ``kills`` times, evenly spread."""
    from core.models import Mail

    Mail.objects.all().delete()
    _empty_queue()
    with tempfile.TemporaryDirectory() as folder, sink(Path(folder)) as (port, log):
        variables = {**os.environ, **(environment or {}), "EMAIL_URL": f"smtp://127.0.0.1:{port}", "LOG_LEVEL": "ERROR"}
        queueing = _queue(mails)
        crew = Crew(variables)
        try:
            done = _watch(crew, mails=mails, kills=kills)
        finally:
            crew.dismiss()
        lines = [line.split() for line in log.read_text().splitlines()]
    times = sorted(float(at) for _, at in lines)
    return FanOut(
        seconds=times[-1] - times[0],
        queueing=queueing,
        taken=Counter(message for message, _ in lines),
        doubted=frozenset(_message_id(mail) for mail in Mail.objects.filter(doubts__gt=0)),
        unsent=Mail.objects.exclude(state="sent").count() + len({message for message, _ in lines} ^ _all_ids()),
        kills=done,
    )


def one_by_one(count: int) -> list[Figure]:
    """One thread, no broker: how long a mail takes, and how long it is in doubt."""
    from django.conf import settings

    from core import outbox
    from core.models import Mail

    Mail.objects.all().delete()
    with tempfile.TemporaryDirectory() as folder, sink(Path(folder)) as (port, log):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        _queue(count)
        whole, ends = [], {}
        for mail in list(Mail.objects.all()):
            began = time.monotonic()
            outbox.send(mail.id)
            ends[_message_id(mail)] = time.monotonic()
            whole.append((ends[_message_id(mail)] - began) * 1000)
        taken = dict(line.split() for line in log.read_text().splitlines())
    windows = [(end - float(taken[message])) * 1000 for message, end in ends.items()]
    return [
        Figure("one mail, one thread", whole, "ms"),
        Figure("window of doubt", windows, "ms", "from the server's taking the words to the commit of “sent”"),
    ]


class Crew:
    """Two Celery workers on the queue of mails, each replaced when it is killed."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)
        self._workers = [self._start(number) for number in range(WORKERS)]

    def kill(self, number: int) -> None:
        """``kill -9`` one of them; its place is taken at once, as a supervisor would see to."""
        self._workers[number].send_signal(signal.SIGKILL)
        self._workers[number].wait()
        self._workers[number] = self._start(number)

    def dismiss(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        command = (sys.executable, "-m", "celery", "--app=mag_portal", "--quiet", "worker", "--pool=threads")
        options = (f"--concurrency={THREADS}", "--queues=mail", f"--hostname=mail{number}@bench")
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR")
        return subprocess.Popen((*command, *options, *quiet), env=self._variables)


@contextmanager
def sink(folder: Path) -> Iterator[tuple[int, Path]]:
    """The SMTP server in a process of its own: its port and its log."""
    port, log = ports.find(1)[0], folder / "taken"
    log.touch()
    process = subprocess.Popen((sys.executable, "-m", "benchmarks.smtp_sink", str(port), str(log)))
    try:
        while not ports.answers(port):
            time.sleep(0.05)
        yield port, log
    finally:
        process.kill()
        process.wait()


def _queue(mails: int) -> float:
    """Put that many invitations into the outbox, each in a transaction of its own; returns the seconds it took."""
    from core import mail_samples, outbox

    sample = mail_samples.of("orgs/mail/invitation")[0]
    began = time.monotonic()
    for number in range(mails):
        to, links = f"partner{number}@example.com", {"register": outbox.Link("orgs:register")}
        outbox.enqueue(sample.template, to=to, context=sample.values, links=links)
    return time.monotonic() - began


def _watch(crew: Crew, *, mails: int, kills: int) -> int:
    """Do what beat does, and the killing, until every mail is sent; returns how many kills there were."""
    from core import outbox
    from core.models import Mail

    killed, swept = 0, time.monotonic()
    deadline = time.monotonic() + GIVE_UP_AFTER
    while open_mails := Mail.objects.filter(state__in=["queued", "sending"]).count():
        if killed < kills and mails - open_mails > (killed + 1) * mails / (kills + 1):
            crew.kill(killed % WORKERS)
            killed += 1
        if time.monotonic() - swept > (SWEEP_EVERY if open_mails > mails / 20 else 1):
            _let_claims_age()
            outbox.sweep()
            swept = time.monotonic()
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return killed


def _let_claims_age() -> None:
    """Stands for the wait of ``CLAIM_LIFETIME``, five minutes in which nothing else happens."""
    from django.db.models import F
    from django.utils import timezone

    from core import outbox
    from core.models import Mail

    stale = Mail.objects.filter(state="sending", claimed_at__lt=timezone.now() - AGED)
    stale.update(claimed_at=F("claimed_at") - outbox.CLAIM_LIFETIME)


def _all_ids() -> set[str]:
    from core.models import Mail

    return {_message_id(mail) for mail in Mail.objects.all()}


def _message_id(mail: Mail) -> str:
    from django.conf import settings

    return f"<{mail.pk}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2]}>"


def _empty_queue() -> None:
    from celery import current_app

    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge("mail")
