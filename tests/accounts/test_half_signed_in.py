"""Somebody who has not proved everything yet: at every stage, nothing opens to them but the page of that stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.ports import FactorRule
from accounts.proofs import Proof
from accounts.services import under_way as service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.session_store import UNDER_WAY
from accounts.views.under_way import PAGES
from tests.accounts.factors import with_app
from tests.accounts.stages import Invited, Upstairs, begin_first, is_signed_in
from tests.portal.sweeps.routes import CONVERTER, routes

# The address of each stage's page; what is below it belongs to it too.
OWN = {stage: reverse(page) for stage, page in PAGES.items()}
UUID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Answer:
    status: int
    location: str

    @classmethod
    def of(cls, client: Client, verb: str, address: str) -> Answer:
        """What ``client`` is answered; whatever it did is undone, there and here."""
        cookies = client.cookies.output()
        with undone():
            response = client.generic(verb, address, "", "application/x-www-form-urlencoded")
        client.cookies.clear()
        client.cookies.load(cookies.replace("Set-Cookie: ", ""))
        return cls(response.status_code, response.get("Location", ""))


_strangers: dict[tuple[str, str], Answer] = {}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def stage_pages() -> list[str]:
    """The routes that belong to a stage."""
    return [route for route in routes() if any(_belongs(route, stage) for stage in Stage)]


def _belongs(route: str, stage: Stage) -> bool:
    return route.startswith(OWN[stage])


def fill(route: str) -> str:
    """An address of ``route``: what it names does not matter, as nobody is there to own it."""
    return CONVERTER.sub(lambda found: UUID if "uuid" in found[0] else "1", route)


def strangers_answer(counters: redis.Redis, verb: str, route: str) -> Answer:
    """What somebody is answered who has proved nothing; the same in every test."""
    if (verb, route) not in _strangers:
        counters.flushdb()
        _strangers[verb, route] = Answer.of(Client(), verb, fill(route))
    return _strangers[verb, route]


@pytest.fixture
def counters() -> Iterator[redis.Redis]:
    """Where tries are counted: emptied before each request, so that no limit answers in place of the page."""
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        yield store


@pytest.fixture
def at_stage(person: User, invited_other: Invited, upstairs: Upstairs) -> Any:
    """A browser with a sign-in under way that waits at a stage, as the session keeps it."""

    def make(stage: Stage) -> Client:
        client = Client()
        if stage in {Stage.SECOND_FACTOR, Stage.RECOVERY_CODES}:
            with_app(person, codes=stage is Stage.SECOND_FACTOR)
        if stage is Stage.OWN_PASSWORD:
            begin_first(client, invited_other.user.user_id, invited_other.secret)
            return client
        sign_in = SignInUnderWay.begin(person, Proof.PASSWORD)
        if stage is Stage.PASSWORD:
            upstairs.rule = FactorRule(required=True, passkey_alone=False)
            sign_in = SignInUnderWay.begin(person, Proof.PASSKEY)
        elif stage is Stage.SET_UP_FACTOR:
            upstairs.rule = FactorRule(required=True)
        elif stage is Stage.RECOVERY_CODES:
            sign_in = sign_in.having(Proof.AUTHENTICATOR_APP)
        elif stage is Stage.TERMS:
            person.acceptances.all().delete()
        assert service.stage_of(sign_in) is stage
        session = client.session
        session[UNDER_WAY] = sign_in.as_row()
        session.save()
        client.cookies["session"] = session.session_key or ""
        return client

    return make


@pytest.mark.parametrize("stage", list(Stage))
def test_half_signed_in_one_is_a_stranger_at_every_address(at_stage: Any, stage: Stage, counters: redis.Redis) -> None:
    half = at_stage(stage)
    differing = {}
    for route in sorted(set(routes()) - set(stage_pages())):
        for verb in ("GET", "POST"):
            expected = strangers_answer(counters, verb, route)
            counters.flushdb()
            if (found := Answer.of(half, verb, fill(route))) != expected:
                differing[verb, route] = (found, expected)
    assert differing == {}
    assert Answer.of(half, "GET", OWN[stage]).status == 200, "it was half signed in all the time"
    assert not is_signed_in(half)


@pytest.mark.parametrize("stage", list(Stage))
def test_of_the_pages_on_the_way_only_the_own_one_opens(at_stage: Any, stage: Stage, counters: redis.Redis) -> None:
    half = at_stage(stage)
    for route in stage_pages():
        for verb in ("GET", "POST"):
            counters.flushdb()
            found = Answer.of(half, verb, fill(route))
            if not _belongs(route, stage):
                assert found.status in {302, 405, 403, 409}, (verb, route, found)
                assert found.location in {"", OWN[stage]}, (verb, route, found)
    assert Answer.of(half, "GET", OWN[stage]).status == 200
    assert not is_signed_in(half)
