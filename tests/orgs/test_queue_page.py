"""One registration on one screen: every fact on it, and every button with its refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import User, UserState
from core.models import AuditEvent
from orgs.models import (
    Flag,
    MatchKind,
    Membership,
    Organization,
    Registration,
    RegistrationState,
    Role,
    WizardStep,
)
from orgs.services import actors, approval, review
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant, person
from tests.orgs.submissions import name, submitted
from tests.orgs.test_queue import HOSTILE, match, queries
from tests.orgs.world import ONE_TIME_PASSWORD, World

pytestmark = pytest.mark.django_db

LIST = "/admin/orgs/registration/"
BUTTONS = ("approve", "deny", "ask", "claim", "release", "note", "take-back")
DENIAL = {"code": "not_verified", "reason": "We found no such company."}
Answer = Any


@pytest.fixture
def staff(world: World, browser_of: Callable[..., Client]) -> Client:
    return browser_of(world.staff)


@pytest.fixture
def colleague(world: World) -> User:
    return worlds.user("Tess", staff=True)


@pytest.fixture
def registration(world: World) -> Registration:
    return submitted()


def url(registration: Registration, button: str = "change") -> str:
    return f"{LIST}{registration.pk}/{button}/"


def press(browser: Client, registration: Registration, button: str, **data: str) -> Answer:
    return browser.post(url(registration, button), data, follow=True)


def words(browser: Client, registration: Registration) -> str:
    return str(browser.get(url(registration)).content.decode())


def state_of(registration: Registration) -> str:
    return str(Registration.objects.values_list("state", flat=True).get(pk=registration.pk))


# --- What it shows ------------------------------------------------------------------------------------------------
def test_everything_is_on_one_screen(world: World, registrant: Registrant, staff: Client) -> None:
    invitation = worlds.invite(world)
    registration = registrant.submitted(f"/invitation/{worlds.secret_of(invitation)}/")
    worlds.user("Known", email="kim@newco.example")

    page = words(staff, registration)

    for text in (
        "Newco Metals Ltd", "1 Foundry Lane", "kim@newco.example", "Secure File Transfer", "Olivia Baker", "In review",
        "Already has an account", "Saved Organization Profile", "Approve", "Ask for more", "Merge", "Deny",
    ):  # fmt: skip
        assert text in page, text
    assert ONE_TIME_PASSWORD not in page


def test_who_was_entered_and_not_selected_is_not_shown(world: World, registrant: Registrant, staff: Client) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
    registrant.create_application_administrator(**person("Robertina", email=worlds.user("Robertina").email))
    registrant.select_application_administrators(registrant.contact())
    registrant.submit()

    assert "Robertina" not in words(staff, registrant.stored())


def test_likenesses_stand_side_by_side_with_what_is_the_same(world: World, staff: Client) -> None:
    known = Organization.objects.create(
        legal_name="Newco Metals Limited", country="GB", uei="HB3KLM9PQ2R7", email_domains=["newco.example", "x.example"],
        state="active",
    )  # fmt: skip
    registration = submitted(uei="HB3KLM9PQ2R7", email_domains=["newco.example"], flags=[Flag.FREE_MAIL])
    match(registration, MatchKind.UEI, organization=known)
    match(registration, MatchKind.DOMAIN, organization=known)
    match(registration, MatchKind.NAME, other=submitted("Newco Metal"), likeness=0.8)

    answer = staff.get(url(registration))

    comparison = answer.context["comparison"]
    assert [str(one.profile) for one in comparison.shown] == ["Newco Metals Limited", "Newco Metal"]
    same = {row.label for row in comparison.rows if row.others[0].is_same}
    assert same == {"Country", "E-mail domain(s)", "UEI"}
    page = answer.content.decode()
    assert "Same UEI · Same e-mail domain" in page
    assert "The contact uses a free mail service" in page
    assert page.count("Merge into this organisation") == 1


def test_a_likeness_with_what_is_closed_is_no_warning(world: World, registration: Registration, staff: Client) -> None:
    match(registration, MatchKind.UEI, organization=world.elsewhere)
    assert "Possible duplicates" in words(staff, registration)

    Organization.objects.filter(pk=world.elsewhere.pk).update(state="closed")

    assert "Possible duplicates" not in words(staff, registration)


def test_names_cannot_break_out_of_the_page(world: World, staff: Client) -> None:
    registration = submitted(HOSTILE, city=HOSTILE, contact_first_name=HOSTILE[:80])
    person = name(registration, "rob@newco.example")
    person.first_name = HOSTILE[:80]
    person.save()
    match(registration, MatchKind.NAME, other=submitted(HOSTILE), likeness=1)
    review.add_note(world.operator, registration, text=HOSTILE)
    review.ask(world.operator, registration, question=HOSTILE)

    assert "<script>alert" not in words(staff, registration)
    assert "<script>alert" not in press(staff, registration, "deny", **DENIAL).content.decode()


def test_the_page_asks_the_same_for_one_and_for_many(world: World, colleague: User, staff: Client) -> None:
    registration = submitted()

    def grow(count: int) -> None:
        start = registration.administrators.count()
        for number in range(start, start + count):
            name(registration, f"a{number}@newco.example")
            worlds.user(f"A{number}", email=f"a{number}@newco.example")
            match(registration, MatchKind.NAME, other=submitted(f"Other {number}", named=()), likeness=0.5)
            match(registration, MatchKind.NAME, organization=worlds.company(f"Org {number}"), likeness=0.5)
            review.add_note(world.operator, registration, text="!")
            review.claim(world.operator, registration, force=True)
            review.release(world.operator, registration)

    grow(2)
    few = queries(staff, url(registration))
    grow(20)

    assert queries(staff, url(registration)) == few


# --- Who ----------------------------------------------------------------------------------------------------------
def test_nobody_but_staff_sees_or_presses_anything(
    world: World, registration: Registration, browser_of: Callable[..., Client]
) -> None:
    for browser in (browser_of(world.inviter), Client()):
        for button in ("change", *BUTTONS, "merge", f"merge/{world.aurora.pk}"):
            for answer in (browser.get(url(registration, button)), browser.post(url(registration, button), DENIAL)):
                assert answer.status_code == 302, button
                assert answer["Location"].startswith("/admin/login/")
    assert state_of(registration) == RegistrationState.SUBMITTED


def test_every_button_takes_a_post(registration: Registration, staff: Client) -> None:
    assert {staff.get(url(registration, button)).status_code for button in (*BUTTONS, "merge")} == {405}


def test_who_is_named_in_it_is_told_who_can_decide(world: World, colleague: User, staff: Client) -> None:
    registration = submitted(named=["kim@newco.example", world.staff.email])

    page = words(staff, registration)
    assert "You are named in this registration" in page
    assert "Who can: Tess Baker." in page
    assert url(registration, "approve") not in page

    assert "You are named" in press(staff, registration, "approve").content.decode()
    assert state_of(registration) == RegistrationState.SUBMITTED


# --- Approve ------------------------------------------------------------------------------------------------------
def test_after_a_decision_the_next_one_is_shown_with_the_way_back(world: World, staff: Client) -> None:
    now = timezone.now()
    first = submitted("First", due_at=now)
    second = submitted("Second", named=["petra@newco.example"], due_at=now + timedelta(days=1))

    answer = press(staff, first, "approve")
    assert answer.redirect_chain == [(url(second), 302)]
    page = answer.content.decode()
    assert f'<a href="{url(first)}">First</a> is approved as ORG-' in page

    answer = press(staff, second, "deny", **DENIAL)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "Nothing else waits for you." in answer.content.decode()


def test_who_comes_second_hears_who_decided_and_what(
    world: World, registration: Registration, colleague: User, staff: Client, browser_of: Callable[..., Client]
) -> None:
    press(browser_of(colleague), registration, "approve")

    for button, data in (
        ("approve", {}),
        ("deny", DENIAL),
        ("ask", {"question": "?"}),
        (f"merge/{world.aurora.pk}", {}),
    ):
        answer = press(staff, registration, button, **data)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "Somebody was faster: Newco Metals Ltd is “Approved” since" in page, button
        assert "decided by Tess Baker" in page
    assert Organization.objects.filter(legal_name="Newco Metals Ltd").count() == 1


def test_somebody_who_cannot_be_let_in_is_named_before_anybody_approves(
    registration: Registration, staff: Client
) -> None:
    known = worlds.user("Kim", email="kim@newco.example", state=UserState.SUSPENDED)
    assert "The account of Kim Baker is suspended." in words(staff, registration)
    assert url(registration, "approve") not in words(staff, registration)

    User.objects.filter(pk=known.pk).update(state=UserState.ACTIVE)

    assert url(registration, "approve") in words(staff, registration)


def test_two_people_approve_where_that_is_asked_for(
    world: World,
    registration: Registration,
    colleague: User,
    browser_of: Callable[..., Client],
    settings: LazySettings,
) -> None:
    settings.FOUR_EYES_APPROVAL = True
    sam, tess = browser_of(world.staff), browser_of(colleague)
    assert "Yours is the first of two approvals." in words(sam, registration)

    assert "A second person has to approve it too." in press(sam, registration, "approve").content.decode()

    assert "First approval by you" in words(sam, registration)
    assert url(registration, "approve") not in words(sam, registration)
    assert "You have approved this already." in press(sam, registration, "approve").content.decode()
    assert "First approval by Sam Baker" in words(tess, registration)
    assert "Take back" not in words(tess, registration)
    assert "no approval of yours" in press(tess, registration, "take-back").content.decode()
    assert "Your approval is taken back." in press(sam, registration, "take-back").content.decode()
    press(sam, registration, "approve")
    press(tess, registration, "approve")
    assert state_of(registration) == RegistrationState.APPROVED


# --- Deny, ask, note ----------------------------------------------------------------------------------------------
def test_a_denial_takes_a_reason_from_the_list_and_a_sentence(registration: Registration, staff: Client) -> None:
    answer = staff.post(url(registration, "deny"), {"code": "", "reason": "They are not who they say."})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose the reason that fits best." in page
    assert "They are not who they say.</textarea>" in page
    assert state_of(registration) == RegistrationState.SUBMITTED

    without = staff.post(url(registration, "deny"), {"code": "other", "reason": "  "})
    assert without.status_code == 422
    assert "Say why, in a sentence: the registrant reads it." in without.content.decode()

    press(staff, registration, "deny", **DENIAL)
    page = words(staff, registration)
    assert "The organisation could not be verified" in page
    assert "We found no such company." in page


def test_a_question_goes_to_the_registrant_and_its_answer_is_shown(
    world: World, registration: Registration, staff: Client
) -> None:
    wrong = staff.post(url(registration, "ask"), {"question": " "})
    assert (wrong.status_code, state_of(registration)) == (422, RegistrationState.SUBMITTED)

    press(staff, registration, "ask", question="Which site is the registered office?")

    page = words(staff, registration)
    assert "Which site is the registered office?" in page
    assert "Waits for the registrant’s answer." in page
    assert url(registration, "approve") not in page
    assert url(registration, "deny") in page
    assert len(worlds.mails("registration_question")) == 1


def test_a_note_is_for_colleagues(registration: Registration, staff: Client) -> None:
    assert staff.post(url(registration, "note"), {"text": ""}).status_code == 422
    assert staff.post(url(registration, "note"), {"text": "x" * 4001}).status_code == 422

    page = press(staff, registration, "note", text="Called them.\nAll right.").content.decode()

    assert "<p>Called them.<br>All right.</p>" in page


# --- Claim and release --------------------------------------------------------------------------------------------
def test_it_is_claimed_released_and_taken_over(
    world: World, registration: Registration, colleague: User, browser_of: Callable[..., Client]
) -> None:
    sam, tess = browser_of(world.staff), browser_of(colleague)
    assert "This is yours now." in press(sam, registration, "claim").content.decode()
    assert "Release" in words(sam, registration)

    assert "Sam Baker has claimed this." in press(tess, registration, "claim").content.decode()
    assert "Take over" in words(tess, registration)
    assert "This is yours now." in press(tess, registration, "claim", force="1").content.decode()
    assert "You do not have this any more" in press(sam, registration, "release").content.decode()
    press(tess, registration, "release")
    registration.refresh_from_db()
    assert registration.assigned_to is None
    assert [event.action.rpartition(".")[2] for event in AuditEvent.objects.order_by("at", "id")][-3:] == [
        "claim", "claim", "release",
    ]  # fmt: skip


# --- Merge --------------------------------------------------------------------------------------------------------
def test_a_merge_says_what_it_does_and_does_it(world: World, registration: Registration, staff: Client) -> None:
    name(registration, world.inviter.user.email)
    address = url(registration, f"merge/{world.aurora.pk}")

    page = staff.get(address).content.decode()

    for text in (
        "does not become an organisation of its own", "gets an account with the One-Time Password chosen for them",
        "is a member already and stays what they are.", "Olivia Baker", "This cannot be undone.",
    ):  # fmt: skip
        assert text in page, text
    assert state_of(registration) == RegistrationState.SUBMITTED

    assert "is added to Aurora Aerospace &amp; Sons" in staff.post(address, follow=True).content.decode()
    assert state_of(registration) == RegistrationState.MERGED
    kim = Membership.objects.get(organization=world.aurora, user__email="kim@newco.example")
    assert not kim.roles.exists()


def test_the_organisation_of_a_merge_is_found_by_its_id(
    world: World, registration: Registration, staff: Client
) -> None:
    def find(organization_id: str) -> Answer:
        return staff.post(url(registration, "merge"), {"organization_id": organization_id})

    assert find(f" {world.aurora.organization_id.lower()} ")["Location"] == url(
        registration, f"merge/{world.aurora.pk}"
    )
    for wrong in ("", "ORG-0000-0000"):
        assert find(wrong).status_code == 422
    assert "There is no organisation with this ID." in find("ORG-0000-0000").content.decode()
    assert staff.get(url(registration, f"merge/{registration.pk}")).status_code == 404


def test_nobody_is_merged_into_what_cannot_take_them(registration: Registration, staff: Client) -> None:
    empty = worlds.company("Empty")
    address = url(registration, f"merge/{empty.pk}")
    assert "It has no Organization Administrator" in staff.get(address).content.decode()

    assert "has no Organization Administrator" in staff.post(address, follow=True).content.decode()

    assert state_of(registration) == RegistrationState.SUBMITTED
    worlds.member(empty, "Olga", Role.OA)
    staff.post(address)
    assert state_of(registration) == RegistrationState.MERGED


def test_a_page_of_what_is_decided_has_no_buttons(world: World, registration: Registration, staff: Client) -> None:
    approval.deny(actors.of_user(world.staff), registration, reason="No.")

    page = words(staff, registration)

    assert "Sam Baker" in page
    for button in BUTTONS:
        assert (url(registration, button) in page) is (button == "note"), button
