"""An application that asks for a second factor, opened from a session that shows none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.proofs import FactorKind, Proof
from accounts.services.factors import recovery_codes
from core.errors import StrongerSignInRequired
from core.models import AuditEvent, Outcome
from orgs.services import second_factor_rules
from sft.urls import urlpatterns
from tests.accounts.factors import code_of, with_app
from tests.sft.test_doors import DOORS, address
from tests.sft.uploading import add_upload
from tests.sft.world import PEN, World, acting, draft, sft
from transfers.services import uploads

BrowserOf = Callable[[object], Client]
OPEN = "/applications/sft/open/"
CONFIRM = "/account/confirm/?next="
PASSWORD = "violet anchors drift at noon"

# Everything of the application itself; what is around it stays open.
INSIDE = sorted(
    pattern.name or ""
    for pattern in urlpatterns
    if str(pattern.pattern).startswith("sft/") or pattern.name == "open-application"
)


@pytest.fixture
def asked(world: World) -> World:
    """A world in which Secure File Transfer asks for an authenticator app, which the sender has."""
    world.sender.user.set_password(PASSWORD)
    world.sender.user.save()
    with_app(world.sender.user)
    ask_for(FactorKind.AUTHENTICATOR_APP)
    return world


def ask_for(*kinds: FactorKind) -> None:
    second_factor_rules.set_rule(PEN, application=sft(), required=True, kinds=[kind.value for kind in kinds])


def show_code(browser: Client, user: User, page: str) -> str:
    """What “Confirm it is you” asks for on the way to ``page``; where it leads afterwards."""
    app = user.authenticatorapp_set.get()
    browser.post(page, {"password": PASSWORD})
    location: str = browser.post(f"{page}&with=authenticator_app", {"code": code_of(app)})["Location"]
    return location


def test_one_more_proof_opens_it(asked: World, browser_of: BrowserOf) -> None:
    browser = browser_of(asked.sender)
    answer = browser.get(OPEN)
    assert answer["Location"] == "/account/confirm/?next=%2Fapplications%2Fsft%2Fopen%2F&kinds=authenticator_app"
    assert "asks for a stronger sign-in" in browser.get(answer["Location"]).content.decode()
    assert show_code(browser, asked.sender.user, answer["Location"]) == OPEN
    assert browser.get(OPEN)["Location"] == "/sft/"
    assert browser.get("/sft/").status_code == 200
    outcomes = AuditEvent.objects.filter(action="sft.application.open").order_by("at").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.REFUSED, Outcome.DONE]


def test_without_a_rule_it_is_open_as_before(asked: World, browser_of: BrowserOf) -> None:
    second_factor_rules.set_rule(PEN, application=sft(), required=False)
    assert browser_of(asked.sender).get(OPEN)["Location"] == "/sft/"


@pytest.mark.parametrize("name", INSIDE)
def test_no_door_of_the_workspace_opens_without_it(asked: World, browser_of: BrowserOf, name: str) -> None:
    url, (get, _) = address_before(asked, name), DOORS[name]
    browser = browser_of(asked.sender)
    ask_for(FactorKind.AUTHENTICATOR_APP)
    answer = browser.get(url) if get is not None else browser.post(url, headers={"referer": "http://testserver/sft/"})
    assert answer["Location"].startswith(CONFIRM), name
    second_factor_rules.set_rule(PEN, application=sft(), required=False)
    answer = browser.get(url) if get is not None else browser.post(url)
    assert answer.status_code not in {401, 403}, name
    assert not answer.headers.get("Location", "").startswith(CONFIRM), name


def address_before(world: World, name: str) -> str:
    """The address, made while nothing is asked for."""
    second_factor_rules.set_rule(PEN, application=sft(), required=False)
    return address(world, name)


def test_no_upload_begins_without_it(asked: World) -> None:
    package = draft(asked)
    with pytest.raises(StrongerSignInRequired):
        add_upload(asked, package)
    second_factor_rules.set_rule(PEN, application=sft(), required=False)
    assert add_upload(asked, package).subject == package.pk


def test_a_program_is_told_by_code(asked: World, browser_of: BrowserOf) -> None:
    answer = browser_of(asked.sender).get("/sft/contacts/?q=a", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "stronger_sign_in_required")


def test_who_has_no_such_factor_is_led_to_set_one_up(asked: World, browser_of: BrowserOf) -> None:
    ask_for(FactorKind.PASSKEY)
    answer = browser_of(asked.sender).get(OPEN, follow=True)
    assert answer.redirect_chain[0][0] == reverse("accounts:security")
    assert "Secure File Transfer asks for a second factor (passkey)" in answer.content.decode()


def test_a_recovery_code_stands_in(asked: World, browser_of: BrowserOf) -> None:
    browser, code = browser_of(asked.sender), recovery_codes.issue(PEN, user=asked.sender.user)[0]
    page = browser.get(OPEN)["Location"]
    browser.post(page, {"password": PASSWORD})
    assert browser.post(f"{page}&with=recovery_code", {"code": code})["Location"] == OPEN
    assert browser.get(OPEN)["Location"] == "/sft/"


def test_who_may_not_open_it_is_told_so_first(asked: World, browser_of: BrowserOf) -> None:
    assert browser_of(asked.newcomer).get(OPEN).status_code == 403


def test_the_rule_looks_at_what_the_session_shows(asked: World) -> None:
    actor = acting(asked.sender)
    package = draft(asked)
    for proofs, enough in (
        ({Proof.PASSWORD}, False),
        ({Proof.PASSWORD, Proof.PASSKEY}, False),
        ({Proof.PASSWORD, Proof.AUTHENTICATOR_APP}, True),
    ):
        seen = actor.at(ip=None, request_id="", proofs=frozenset(proof.value for proof in proofs))
        if enough:
            uploads.create(seen, subject=package.pk, name="spar.step", size=10)
        else:
            with pytest.raises(StrongerSignInRequired):
                uploads.create(seen, subject=package.pk, name="spar.step", size=10)
