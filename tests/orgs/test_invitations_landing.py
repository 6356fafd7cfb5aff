"""The landing page: links as mail clients leave them, and which of the three ways in each reader is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from orgs import links
from orgs.models import Invitation, InvitationState, Registration
from orgs.services import invitations
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
SECRET = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def landing_of(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/"


# --- Mangled links ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "mangled",
    [
        SECRET,
        f"{SECRET[:20]} {SECRET[20:]}",
        f"{SECRET[:20]}\r\n{SECRET[20:]}",
        f"{SECRET[:20]}%20{SECRET[20:]}",
        f"{SECRET[:20]}=\r\n{SECRET[20:]}",
        f"{SECRET[:20]}\u200b{SECRET[20:]}\u00ad",
        f"{SECRET}.",
        f"{SECRET}>",
        f"{SECRET}),",
        f"{SECRET}%3E",
        f"<{SECRET}>",
        f"{SECRET}&utm_source=mail&mc_eid=0123456789",
        f"{SECRET}?utm_source=mail",
        f"{SECRET}/.",
        f"{SECRET}/%3E",
    ],
)
def test_the_secret_is_found_in_what_is_left_of_a_link(mangled: str) -> None:
    assert links.secret_in(mangled) == SECRET


@pytest.mark.parametrize(
    "broken", ["", "x", SECRET[:-1], f"{SECRET}A", "é" * 43, f"{SECRET[:20]}/{SECRET[20:]}", "%00" * 43]
)
def test_what_is_no_secret_stays_none(broken: str) -> None:
    assert links.secret_in(broken) == ""


@pytest.mark.parametrize(
    "mangle",
    [
        lambda secret: f"/invitation/{secret}",
        lambda secret: f"/invitation/{secret}/.",
        lambda secret: f"/invitation/{secret}/%3E",
        lambda secret: f"/invitation/{secret[:20]}%20%0D%0A{secret[20:]}/",
        lambda secret: f"/invitation/{secret}%29./",
        lambda secret: f"/invitation/{secret}&utm_source=x/",
        lambda secret: f"/invitation/{secret}&utm_source=x",
    ],
)
def test_a_mangled_link_leads_to_the_invitation(world: World, mangle: Callable[[str], str]) -> None:
    invitation = worlds.invite(world)

    answer = Client().get(mangle(worlds.secret_of(invitation)), follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == landing_of(invitation)


def test_a_tracking_parameter_does_no_harm(world: World) -> None:
    assert Client().get(f"{landing_of(worlds.invite(world))}?utm_source=mail&way=x").status_code == 200


def test_upper_and_lower_case_are_not_guessed(world: World) -> None:
    secret = worlds.secret_of(worlds.invite(world)).swapcase()

    answer = Client().get(f"/invitation/{secret}/")

    assert answer.status_code == 404
    assert "copy the whole of it from the mail" in words_of(answer)


@pytest.mark.parametrize("path", ["x/", "x", f"{SECRET}/", f"{SECRET[:30]}/", "a/b/c"])
def test_every_link_without_an_invitation_gets_the_same_page(world: World, path: str) -> None:
    answer = Client().get(f"/invitation/{path}")

    assert answer.status_code == 404
    assert "This link is not complete" in words_of(answer)


def test_a_mangled_post_begins_nothing(world: World) -> None:
    secret = worlds.secret_of(worlds.invite(world))

    assert Client().post(f"/invitation/{secret}./", {"continue": "1"}).status_code in {302, 405}
    assert not Registration.objects.exists()


# --- Three ways in ----------------------------------------------------------------------------------------------------
REGISTER, SIGN_IN, JOIN = "captcha_1", 'name="sign_in"', "/join/"


def shows(page: str) -> set[str]:
    return {mark for mark in (REGISTER, SIGN_IN, JOIN) if mark in page}


def test_who_is_unknown_registers(world: World) -> None:
    page = words_of(Client().get(landing_of(worlds.invite(world))))

    assert shows(page) == {REGISTER}
    assert "What to have at hand" in page


def test_who_has_an_account_is_led_to_sign_in(world: World) -> None:
    invitation = worlds.invite(world, email=world.stranger.user.email)

    page = words_of(Client().get(landing_of(invitation)))

    assert shows(page) == {SIGN_IN}
    assert "You already have a MAG account" in page
    assert "Elsewhere Ltd" not in page


@pytest.mark.parametrize("change", ["suspended member", "suspended organisation"])
def test_an_account_that_cannot_be_used_is_no_account(world: World, change: str) -> None:
    invitation = worlds.invite(world, email=world.stranger.user.email)
    if change == "suspended member":
        type(world.stranger).objects.filter(pk=world.stranger.pk).update(state="suspended", suspension_reason="x")
    else:
        type(world.elsewhere).objects.filter(pk=world.elsewhere.pk).update(state="suspended")

    assert shows(words_of(Client().get(landing_of(invitation)))) == {REGISTER}


def registered_domain(world: World, domain: str) -> None:
    type(world.elsewhere).objects.filter(pk=world.elsewhere.pk).update(email_domains=[domain])


def test_who_has_the_domain_of_an_organisation_is_led_to_join_it(world: World) -> None:
    registered_domain(world, "newco.example")
    invitation = worlds.invite(world)

    page = words_of(Client().get(landing_of(invitation)))

    assert shows(page) == {JOIN}
    assert f"{landing_of(invitation)}join/" in page
    assert "Elsewhere" not in page, "which organisation it is, is not for the page to tell"


def test_the_domain_of_a_free_mail_service_belongs_to_nobody(world: World) -> None:
    registered_domain(world, "gmail.com")

    assert shows(words_of(Client().get(landing_of(worlds.invite(world, email="kim@gmail.com"))))) == {REGISTER}


@pytest.mark.parametrize("known", ["account", "domain"])
def test_a_separate_organisation_can_still_be_registered(world: World, registrant: Registrant, known: str) -> None:
    registered_domain(world, "newco.example")
    email = world.stranger.user.email if known == "account" else "kim@newco.example"
    invitation = worlds.invite(world, email=email)
    assert "?way=register" in words_of(Client().get(landing_of(invitation)))

    registration = registrant.begin(f"{landing_of(invitation)}?way=register")

    assert registration.invitation == invitation


def test_where_a_colleague_may_come_the_page_tells_nobody_who_is_known(world: World) -> None:
    registered_domain(world, "newco.example")
    addresses = ("kim@newco.example", world.stranger.user.email, "nobody@unknown.example")
    pages = set()
    for address in addresses:
        invitation = invitations.create(
            worlds.acting(world.inviter),
            company_name="Newco",
            email=address,
            colleague_allowed=True,
            applications=[worlds.sft()],
        )
        page = words_of(Client().get(landing_of(invitation)))
        pages.add(frozenset(shows(page)))

    assert pages == {frozenset({REGISTER, SIGN_IN, JOIN})}


def test_a_begun_registration_goes_on_whoever_is_known(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.begin(landing_of(invitation))
    registered_domain(world, "newco.example")

    page = words_of(Registrant("203.0.113.77").get(landing_of(invitation)))

    assert shows(page) == set()
    assert "A registration was begun with this invitation" in page


def test_looking_at_every_way_uses_nothing_up(world: World) -> None:
    invitation = worlds.invite(world, email=world.stranger.user.email)
    browser = Client()

    for _ in range(3):
        browser.get(landing_of(invitation))
        browser.get(f"{landing_of(invitation)}?way=register")
        browser.head(landing_of(invitation))

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPENED


def test_a_wrong_captcha_answers_422(world: World, registrant: Registrant) -> None:
    answer = registrant.answer_captcha(landing_of(worlds.invite(world)), answer="wrong")

    assert answer.status_code == 422
    assert not Registration.objects.exists()
