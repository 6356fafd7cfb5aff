"""The operator's queue with 100,000 registrations: the list, the page of one, search by each identifier, look for duplicates.

What is asked: does each stay below 200 ms, and does it take the same number of queries as with 50?
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import cycle
from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from benchmarks.registrations import Maker

if TYPE_CHECKING:
    from accounts.models import User
    from orgs.models import Registration

ROWS = int(os.environ.get("BENCH_REGISTRATIONS", "100000"))
TIMES = int(os.environ.get("BENCH_TIMES", "60"))
FEW = 50
QUEUE = "/admin/orgs/registration/"

Ask = Callable[[], None]


def main() -> list[Figure]:
    from django.core.management import call_command
    from django.utils import timezone

    call_command("collectstatic", interactive=False, verbosity=0)
    maker = Maker(_staff(), timezone.now())
    maker.make(FEW)
    _times(_refresh(), times=FEW)
    few = {name: _queries(ask) for name, ask in _pages(maker).items()}
    begun = time.monotonic()
    maker.make(ROWS - FEW)
    _analyze()
    figures = [Figure("registrations", [maker.made], "rows", f"made in {time.monotonic() - begun:.0f} s")]
    figures.append(Figure("look for duplicates at Submit", _times(_refresh(), times=TIMES * 3), "ms"))
    for name, ask in _pages(maker).items():
        note = f"{_queries(ask)} queries; with {FEW} registrations {few[name]}"
        figures.append(Figure(name, _times(ask), "ms", note))
    figures += [Figure(f"search: {name}", _times(ask), "ms") for name, ask in _searches(maker).items()]
    return figures


def _pages(maker: Maker) -> dict[str, Ask]:
    get = _browser(maker)
    waiting, decided = _some("submitted"), _some("approved")
    return {
        "list: what waits": lambda: get(QUEUE, {}),
        "list: everything": lambda: get(QUEUE, {"queue": "all"}),
        "one that waits": lambda: get(f"{QUEUE}{next(waiting).pk}/change/", {}),
        "one that is decided": lambda: get(f"{QUEUE}{next(decided).pk}/change/", {}),
    }


def _searches(maker: Maker) -> dict[str, Ask]:
    get = _browser(maker)
    readings: dict[str, Callable[[Registration], str]] = {
        "UEI": lambda one: one.uei,
        "CAGE": lambda one: one.cage,
        "D-U-N-S, with hyphens": lambda one: f"{one.duns[:2]}-{one.duns[2:5]}-{one.duns[5:]}",
        "tax ID": lambda one: one.tax_id,
        "id": lambda one: str(one.pk),
        "Organization ID": lambda one: one.organization.organization_id if one.organization else "",
        "contact’s address": lambda one: one.contact_email,
        "administrator’s address": lambda one: f"ana@{one.email_domains[0]}",
        "e-mail domain": lambda one: one.email_domains[0],
        "inviter’s reference": lambda one: one.invitation.external_reference if one.invitation else "",
        "legal name": lambda one: one.legal_name,
        "part of a legal name": lambda one: one.legal_name[2:-4],
        "a word of thousands of names": lambda one: one.legal_name.split()[1],
    }

    def search(read: Callable[[Registration], str]) -> Ask:
        rows = _some("approved")
        return lambda: get(QUEUE, {"queue": "all", "q": read(next(rows))})

    return {name: search(read) for name, read in readings.items()}


def _refresh() -> Ask:
    from django.db import transaction

    from orgs.services import matching

    waiting = _some("submitted")

    def refresh() -> None:
        with transaction.atomic():
            matching.refresh(next(waiting))

    return refresh


def _browser(maker: Maker) -> Callable[[str, dict[str, str]], None]:
    from django.conf import settings
    from django.test import Client

    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(maker.staff)

    def get(address: str, query: dict[str, str]) -> None:
        answer = client.get(address, query)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{address} {query} answers {answer.status_code}.")

    return get


def _some(state: str) -> Iterator[Registration]:
    """Registrations in ``state`` from all over the table, again and again."""
    from orgs.models import Registration

    complete = Registration.objects.filter(state=state).exclude(uei="").exclude(invitation=None)
    return cycle(complete.select_related("organization", "invitation").order_by("id")[: TIMES * 3])


def _staff() -> User:
    from accounts.models import User, UserState

    staff, _ = User.objects.get_or_create(
        email="bench@operator.example",
        defaults={
            "user_id": "bench_0001", "first_name": "Ben", "last_name": "Ch", "is_staff": True, "state": UserState.ACTIVE,
        },
    )  # fmt: skip
    return staff


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _queries(ask: Ask) -> int:
    """How many queries it takes once caches are warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask()
    with CaptureQueriesContext(connection) as queries:
        ask()
    return len(queries)


def _times(ask: Ask, *, times: int = TIMES) -> list[float]:
    """Milliseconds, each time."""
    ask()
    return [_milliseconds(ask) for _ in range(times)]


def _milliseconds(ask: Ask) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000
