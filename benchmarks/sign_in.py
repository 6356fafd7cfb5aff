"""Signing in, 50 at a time, at a real pool of two processes; what other pages take meanwhile; and whether a wrong password
takes as long for a name that nobody has.

What is asked: how many sign-ins a second do the processors give with Argon2id as it is set, and does anybody wait for them?
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.cookies import SimpleCookie
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks import timing
from benchmarks.figures import Figure
from mag_portal.local import ports

if TYPE_CHECKING:
    from accounts.models import User

AT_ONCE = int(os.environ.get("BENCH_SIGN_INS_AT_ONCE", "50"))
SIGN_INS = int(os.environ.get("BENCH_SIGN_INS", "300"))
TRIES = int(os.environ.get("BENCH_TRIES", "200")) // 2
WORKERS, THREADS = 2, 16
PASSWORD, WRONG = "violet anchors drift at noon", "wrong wrong wrong"
PAGES = ("/account/", "/help/login/", "/help/?q=password")
LOOKS = 60
CSRF = "benchmark0benchmark0benchmark000"


class Browser:
    """What a browser does on the way in and no more, from an address of its own behind the pool's proxy."""

    def __init__(self, port: int, address: str) -> None:
        self._connection = http.client.HTTPConnection("localhost", port, timeout=120)
        self._address = address
        self._cookies = {"csrf": CSRF}

    def rest(self) -> None:
        """Let the connection go before the gateway does; the next page opens another."""
        self._connection.close()

    def open(self, path: str) -> None:
        _expect(self._ask("GET", path), HTTPStatus.OK)

    def post(self, path: str, **fields: str) -> int:
        return self._ask("POST", path, urlencode({**fields, "csrfmiddlewaretoken": CSRF}))

    def name(self, identifier: str, notice: str) -> None:
        """The first page of signing in."""
        _expect(self.post("/sign-in/", identifier=identifier, system_use=notice), HTTPStatus.FOUND)

    def _ask(self, method: str, path: str, body: str | None = None) -> int:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "X-Forwarded-For": self._address,
            "Accept": "text/html",
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body=body, headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items() if name != "csrf"}
        return answer.status


class Door:
    """The pool that is measured, and the people who come to it."""

    def __init__(self, port: int, people: list[User], notice: str) -> None:
        self.people = people
        self._port = port
        self._notice = notice
        self._addresses = (f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in count(1))
        self._lock = threading.Lock()

    def browser(self) -> Browser:
        with self._lock:
            return Browser(self._port, next(self._addresses))

    def enter(self, person: User) -> Browser:
        """Both pages of signing in, from an address that nobody came from."""
        browser = self.browser()
        browser.open("/sign-in/")
        browser.name(person.user_id, self._notice)
        answer = browser.post("/sign-in/password/", identifier=person.user_id, password=PASSWORD)
        _expect(answer, HTTPStatus.FOUND)
        return browser

    def refusal(self, identifier: str) -> Callable[[], object]:
        """A try with a wrong password, ready to be made."""
        browser = self.browser()
        browser.name(identifier, self._notice)
        ask = partial(browser.post, "/sign-in/password/", identifier=identifier, password=WRONG)
        return lambda: _expect(ask(), HTTPStatus.UNPROCESSABLE_ENTITY)


def main() -> list[Figure]:
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    people = _people()
    with _pool() as port:
        door = Door(port, people, notice_version())
        inside = door.enter(people[0])
        alone = _looks(inside, threading.Event(), at_most=LOOKS)
        times, seconds, meanwhile = _all_at_once(door, inside)
        told = _told_apart(door)
    return [
        Figure("one run of the hasher", _hashes(people[0]), "ms", _parameters()),
        Figure(
            "sign-ins a second",
            [SIGN_INS / seconds],
            "1/s",
            f"{AT_ONCE} at once; pool of {WORKERS} × {THREADS} threads",
        ),
        Figure("one sign-in among them", times, "ms", "three requests: page, name, password"),
        Figure("a page, nobody signing in", alone, "ms", ", ".join(PAGES)),
        Figure("a page while they sign in", meanwhile, "ms"),
        Figure("wrong password, known less unknown", [told.first - told.second], "ms", str(told)),
    ]


def _all_at_once(door: Door, inside: Browser) -> tuple[list[float], float, list[float]]:
    """Milliseconds of each sign-in, seconds of all of them, and what pages took meanwhile."""
    over = threading.Event()
    with ThreadPoolExecutor(AT_ONCE + 1) as crowd:
        watching = crowd.submit(_looks, inside, over)
        begun = time.perf_counter()
        entries = [
            crowd.submit(_timed, partial(door.enter, door.people[n % len(door.people)])) for n in range(SIGN_INS)
        ]
        times = [entry.result() for entry in entries]
        seconds = time.perf_counter() - begun
        over.set()
        return times, seconds, watching.result()


def _told_apart(door: Door) -> timing.Comparison:
    """Wrong passwords by turns, each from another address and none so often for one name that anything waits."""
    known, unknown = (person.user_id for person in _again(door.people)), (f"nobody{n}_0000" for n in count())
    return timing.by_turns(lambda: door.refusal(next(known)), lambda: door.refusal(next(unknown)), times=TRIES)


def _looks(browser: Browser, over: threading.Event, *, at_most: int = 100_000) -> list[float]:
    """Milliseconds of page after page, with a breath between two."""
    taken: list[float] = []
    while not over.is_set() and len(taken) < at_most:
        taken.append(_timed(partial(browser.open, PAGES[len(taken) % len(PAGES)])))
        time.sleep(0.02)
    return taken


def _again(people: list[User]) -> Iterator[User]:
    while True:
        yield from people


def _hashes(person: User) -> list[float]:
    return [_timed(lambda: person.check_password(PASSWORD)) for _ in range(20)]


def _timed(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def _parameters() -> str:
    from accounts.hashers import Argon2id

    return f"Argon2id, {Argon2id.memory_cost // 1024} MiB, {Argon2id.time_cost} passes, {Argon2id.parallelism} lane"


def _people() -> list[User]:
    """Staff whom nobody asks for a second factor and who have accepted the terms; all have one password."""
    from accounts import queries
    from accounts.models import NoticeAcceptance, NoticeKind, User, UserState
    from orgs.models import SecondFactorRule

    SecondFactorRule.objects.update_or_create(organization=None, application=None, defaults={"required": False})
    pattern = User(is_staff=True, state=UserState.ACTIVE, first_name="Ben", last_name="Ch")
    pattern.set_password(PASSWORD)
    for number in range(AT_ONCE):
        defaults = {
            "email": f"door{number}@operator.example",
            **{name: getattr(pattern, name) for name in ("is_staff", "state", "first_name", "last_name", "password")},
        }
        person, _ = User.objects.update_or_create(user_id=f"door{number}_0001", defaults=defaults)
        if terms := queries.unaccepted_notice(NoticeKind.TERMS, person):
            NoticeAcceptance.objects.create(user=person, notice=terms)
    return list(User.objects.filter(user_id__startswith="door").order_by("user_id"))


def notice_version() -> str:
    from accounts import queries
    from accounts.models import NoticeKind

    notice = queries.current_notice(NoticeKind.SYSTEM_USE)
    return str(notice.version) if notice else ""


@contextmanager
def _pool() -> Iterator[int]:
    """The pages as gunicorn serves them, behind one proxy of ours: this program says where requests come from."""
    (port,) = ports.find(1)
    options = ("--config=python:mag_portal.local.gunicorn", "--worker-class=gthread", "--no-control-socket")
    sizes = (f"--workers={WORKERS}", f"--threads={THREADS}", "--log-level=error", f"--bind=127.0.0.1:{port}")
    environment = {
        **os.environ,
        "BASE_URL": f"http://localhost:{port}",
        "TRUSTED_PROXY_COUNT": "1",
        "LOG_LEVEL": "CRITICAL",
    }
    pool = subprocess.Popen((sys.executable, "-m", "gunicorn", "mag_portal.wsgi", *options, *sizes), env=environment)
    try:
        while not ports.answers(port):
            if pool.poll() is not None:
                raise RuntimeError("The pool did not start.")
            time.sleep(0.1)
        yield port
    finally:
        pool.terminate()
        pool.wait()


def _expect(status: int, wanted: HTTPStatus) -> None:
    if status != wanted:
        raise RuntimeError(f"A page answers {status}, not {wanted}.")
