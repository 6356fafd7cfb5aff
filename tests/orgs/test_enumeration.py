"""Strangers learn nothing about who is registered: what is known and what is not give the same answer, byte for byte.

Masked are only what is random in every answer (CSRF tokens, keys, times, request ids) and what the visitor typed.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orgs.models import Organization, WizardStep
from tests.orgs import world as worlds
from tests.orgs.joiner import PERSON
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

RANDOM = (
    (r'name="csrfmiddlewaretoken" value="[^"]*"', "csrf"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "key"),
    (r"[0-9a-f]{40}", "challenge"),
    (r"<time[^>]*>[^<]*</time>", "time"),
    (r"\w+day \d+ \w+ \d{4}, \d\d:\d\d \(UTC\)", "moment"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a visitor can tell one answer from another by."""

    status: int
    body: str
    headers: dict[str, str]
    cookies: dict[str, tuple[str, ...]]


def seen(answer: Any, *typed: str) -> Seen:
    """``answer`` as a visitor sees it, without what is random and what they typed themselves."""
    headers = {name: _masked(value, typed) for name, value in answer.headers.items()}
    for changing in ("X-Request-ID", "Content-Length", "Content-Security-Policy", "Server-Timing"):
        headers.pop(changing, None)
    cookies = {
        name: tuple(str(morsel[part]) for part in ("path", "httponly", "samesite", "max-age", "secure"))
        for name, morsel in answer.cookies.items()
    }
    return Seen(answer.status_code, _masked(answer.content.decode(), typed), headers, cookies)


def _masked(text: str, typed: tuple[str, ...]) -> str:
    for word in sorted(typed, key=len, reverse=True):
        text = text.replace(word, "…")
    for pattern, name in RANDOM:
        text = re.sub(pattern, f"‹{name}›", text)
    return text


def visitor(number: int) -> Client:
    return Client(REMOTE_ADDR=f"198.51.100.{number}")


@pytest.fixture
def known(world: World) -> World:
    """``aurora`` has a domain and identifiers, and ``kim@newco.example`` waits for a decision."""
    Organization.objects.filter(pk=world.aurora.pk).update(
        email_domains=["aurora.example"], uei="ZQGGHJH74DW7", duns="123456789", cage="1ABC5"
    )
    Registrant().submitted()
    return world


def forget_all_limits() -> None:
    """The cache shares its Redis database with the limits."""
    cache.clear()


def join(email: str) -> tuple[str, dict[str, str]]:
    return "/join/", {**PERSON, "email": email}


def by_mail(email: str) -> tuple[str, dict[str, str]]:
    return "/register/by-mail/", {"email": email}


def resume(email: str) -> tuple[str, dict[str, str]]:
    return "/register/resume/", {"email": email}


def new_link(email: str) -> tuple[str, dict[str, str]]:
    return "/registration/link/", {"email": email}


def forgot_user_id(email: str) -> tuple[str, dict[str, str]]:
    return "/forgot-user-id/", {"email": email}


def forgot_password(email: str) -> tuple[str, dict[str, str]]:
    return "/forgot-password/", {"identifier": email}


Door = Callable[[str], tuple[str, dict[str, str]]]
DOORS: tuple[Door, ...] = (join, by_mail, resume, new_link, forgot_user_id, forgot_password)
NOBODY = "nobody@nowhere-at-all.example"


def addresses(world: World) -> dict[str, str]:
    """Everything that an address can be to the gateway."""
    return {
        "of a user": world.employee.user.email,
        "of operator staff": world.staff.email,
        "of a registrant": "kim@newco.example",
        "of a known domain": "somebody@aurora.example",
    }


# --- Every door that takes an address -----------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["of a user", "of operator staff", "of a registrant", "of a known domain"])
@pytest.mark.parametrize("door", DOORS)
def test_known_and_unknown_addresses_get_the_same_answer(known: World, door: Door, what: str) -> None:
    address = addresses(known)[what]

    here = visitor(1).post(*door(address))
    there = visitor(2).post(*door(NOBODY))

    assert here.status_code == 200
    assert seen(here, address) == seen(there, NOBODY)


@pytest.mark.parametrize("door", DOORS)
def test_limits_come_for_unknown_addresses_as_for_known_ones(known: World, door: Door) -> None:
    def statuses(address: str, start: int) -> list[int]:
        return [visitor(start + number).post(*door(address)).status_code for number in range(7)]

    assert statuses("kim@newco.example", 10) == statuses(NOBODY, 30)


@pytest.mark.parametrize("door", [join, by_mail])
@pytest.mark.parametrize("what", ["of a user", "of operator staff", "of a registrant", "of a known domain"])
def test_what_mails_everybody_does_the_same_work_for_everybody(known: World, door: Door, what: str) -> None:
    def work(client: Client, address: str) -> list[str]:
        client.get(door(address)[0])
        with CaptureQueriesContext(connection) as captured:
            client.post(*door(address))
        return [re.sub(r"'[^']*'|\d+", "", query["sql"])[:60] for query in captured.captured_queries]

    work(visitor(3), "first@warming.example")

    assert work(visitor(1), addresses(known)[what]) == work(visitor(2), NOBODY)


@pytest.mark.parametrize("door", DOORS)
def test_the_time_of_the_answer_tells_nothing_that_noise_does_not_cover(known: World, door: Door) -> None:
    """Interleaved, and compared by their medians: a mail row takes two or three milliseconds at most."""
    times: dict[str, list[float]] = {"kim@newco.example": [], NOBODY: []}
    clients = {address: visitor(number) for number, address in enumerate(times)}
    for turn in range(24):
        for address, client in clients.items():
            forget_all_limits()
            begun = time.perf_counter()
            client.post(*door(address))
            if turn >= 4:
                times[address].append(time.perf_counter() - begun)

    here, there = times.values()
    noise = max(statistics.stdev(here), statistics.stdev(there))
    assert abs(statistics.median(here) - statistics.median(there)) < max(0.02, 2 * noise)


# --- Registering an organisation ----------------------------------------------------------------------------------
def registering(number: int, **profile: str) -> list[Seen]:
    """Each answer of the wizard to somebody who registers with ``profile``."""
    forget_all_limits()
    person = Registrant(f"198.51.100.{number}")
    person.begin()
    typed = _typed(profile)
    answers = [
        person.welcome(),
        person.profile(**profile),
        person.open(WizardStep.ADMINISTRATOR),
        person.select_oneself(),
        person.one_time_password(),
        person.select_application_administrators(),
        person.open(WizardStep.REVIEW),
        person.submit(),
        person.open("submitted"),
    ]
    return [seen(answer, *typed) for answer in answers]


@pytest.mark.parametrize(
    ("there", "nowhere"),
    [
        ({"legal_name": "Aurora Aerospace & Sons"}, {"legal_name": "Borealis Bakeries & Co"}),
        ({"email_domains": "aurora.example"}, {"email_domains": "nowhere.example"}),
        ({"contact_email": "new@aurora.example"}, {"contact_email": "new@nowhere.example"}),
        ({"contact_email": "kim@newco.example"}, {"contact_email": "lee@newco.example"}),
        ({"duns": "123456789"}, {"duns": "987654321"}),
        ({"uei": "ZQGGHJH74DW7"}, {"uei": "JRTXZ4VNA5B8"}),
    ],
    ids=["organisation", "domain", "address of the domain", "address", "D-U-N-S", "UEI"],
)
def test_a_known_and_an_unknown_organisation_register_alike(
    known: World, there: dict[str, str], nowhere: dict[str, str]
) -> None:
    known_answers, unknown_answers = registering(1, **there), registering(2, **nowhere)

    for one, other in zip(known_answers, unknown_answers, strict=True):
        assert one == other


def test_whoever_administers_it_hears_of_it_instead(known: World) -> None:
    registering(1, email_domains="aurora.example")

    [mail] = worlds.mails("registration_in_your_name")
    assert mail.to == known.inviter.user.email


def _typed(profile: dict[str, str]) -> tuple[str, ...]:
    """What the pages show of it: as typed, as HTML writes an ampersand, and the domain of an address."""
    return tuple(
        spelling
        for value in profile.values()
        for spelling in (value, value.replace("&", "&amp;"), value.rpartition("@")[2])
    )


# --- Links --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("start", ["/registration/", "/join/"])
def test_links_that_were_never_issued_look_alike(known: World, start: str) -> None:
    one, other = visitor(1).get(f"{start}{'a' * 43}/"), visitor(2).get(f"{start}{'b' * 43}/")

    assert one.status_code == 404
    assert seen(one) == seen(other)
