"""Second factors in several requests at the same moment."""

from __future__ import annotations

from functools import partial

import pytest
from django.test import Client

from accounts.models import AuthenticatorApp, User
from accounts.ports import FactorRule
from accounts.services.factors import authenticator_apps, overview, recovery_codes, upkeep
from accounts.services.people import acting
from core.actor import Actor
from tests.accounts.factors import code_of, with_app, wrong_code_of
from tests.accounts.stages import Upstairs, enter
from tests.concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

VISITOR = Actor.anonymous(ip="203.0.113.5")


def test_one_code_of_an_app_opens_one_door(person: User) -> None:
    code = code_of(with_app(person))
    raised = at_once([lambda: authenticator_apps.prove(VISITOR, user=person, code=code)] * 4)
    assert raised.count(None) == 1


def test_guesses_in_parallel_are_one_guess(person: User) -> None:
    app = with_app(person)
    wrong = wrong_code_of(app)
    at_once([lambda: authenticator_apps.prove(VISITOR, user=person, code=wrong)] * 4)
    app = AuthenticatorApp.objects.get(pk=app.pk)
    assert app.throttling_failure_count == 1


def test_one_recovery_code_opens_one_door(person: User) -> None:
    with_app(person, codes=False)
    code = recovery_codes.issue(VISITOR, user=person)[0]
    raised = at_once([lambda: recovery_codes.prove(VISITOR, user=person, code=code)] * 4)
    assert raised.count(None) == 1
    assert recovery_codes.left(person) == 9


def test_two_removals_leave_the_factor_that_is_required(person: User, upstairs: Upstairs) -> None:
    apps = [with_app(person), with_app(person, name="Tablet", codes=False)]
    upstairs.rule = FactorRule(required=True)
    actor = acting(person, seen=VISITOR)
    ids = [app.pk for app in apps]
    raised = at_once([lambda pk=pk: upkeep.remove(actor, user=person, factor_id=pk) for pk in ids])  # type: ignore[misc]
    assert raised.count(None) == 1
    assert len(overview(person)) == 1


def test_of_two_who_set_up_the_first_factor_one_does(person: User, upstairs: Upstairs) -> None:
    """The owner, and somebody who knows the password, both as far as the page that sets it up."""
    upstairs.rule = FactorRule(required=True)
    browsers = [Client(), Client(REMOTE_ADDR="198.51.100.66")]
    for browser in browsers:
        enter(browser, person.user_id)
        browser.post("/sign-in/set-up/", {"choice": "authenticator_app"})
    codes = [code_of(app) for app in AuthenticatorApp.objects.order_by("created_at")]
    reached: list[str] = []

    def send(browser: Client, code: str) -> None:
        reached.append(browser.post("/sign-in/set-up/authenticator-app/", {"code": code, "name": "Phone"})["Location"])

    assert at_once([partial(send, *each) for each in zip(browsers, codes, strict=True)]) == [None, None]
    assert sorted(reached) == ["/sign-in/", "/sign-in/recovery-codes/"]
    assert len(overview(person)) == 1
