"""Steps in and out of order: skipped, posted twice, gone back to, in two tabs, in another browser, after the session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.outbox import render
from orgs.models import Application, InvitationState, Registration, RegistrationState, WizardStep
from orgs.services import invitations
from orgs.services.registrations import drafts, ends
from tests.concurrency import at_once, behind_us
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import ONE_TIME_PASSWORD, World

pytestmark = pytest.mark.django_db

LATER_STEPS = [step for step in WizardStep if step not in {WizardStep.WELCOME, WizardStep.PROFILE}]


def test_the_draft_is_in_the_database_from_the_first_continue(registrant: Registrant) -> None:
    registrant.begin()

    assert registrant.stored().state == RegistrationState.DRAFT


@pytest.mark.parametrize("step", LATER_STEPS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_step_skipped_by_url_leads_to_the_first_open_one(
    registrant: Registrant, step: WizardStep, method: str
) -> None:
    registrant.up_to(WizardStep.PROFILE)

    response = getattr(registrant.client, method)(registrant.url(step), follow=True)

    assert response.redirect_chain == [(registrant.url(WizardStep.PROFILE), 302)]
    assert "Please complete “Organization Profile” first." in response.content.decode()
    assert registrant.stored().completed_steps == [WizardStep.WELCOME]


def test_the_step_indicator_shows_all_steps(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    steps = registrant.open(WizardStep.PROFILE).context["steps"]

    assert [step["label"] for step in steps] == [
        "Captcha", "Welcome", "Organization Profile", "Organization Administrator", "One Time Password",
        "Application Administrator(s)", "Review", "Submitted",
    ]  # fmt: skip
    assert [step["state"] for step in steps] == ["done", "done", "current", *["todo"] * 5]


def test_back_shows_what_was_entered_and_next_goes_on(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)

    page = registrant.open(WizardStep.PROFILE).content.decode()

    assert 'value="1 Foundry Lane"' in page
    assert 'value="+44 114 496 0123"' in page
    assert registrant.profile(city="Leeds").headers["Location"] == registrant.url(WizardStep.ADMINISTRATOR)
    assert registrant.stored().city == "Leeds"
    assert registrant.contact().one_time_password_hash


@pytest.mark.parametrize("step", [WizardStep.PROFILE, WizardStep.ADMINISTRATOR, WizardStep.APPLICATION_ADMINISTRATORS])
def test_a_step_posted_twice_is_the_same_as_once(registrant: Registrant, step: WizardStep) -> None:
    registrant.up_to(WizardStep.REVIEW)
    again = {
        WizardStep.PROFILE: registrant.profile,
        WizardStep.ADMINISTRATOR: registrant.select_oneself,
        WizardStep.APPLICATION_ADMINISTRATORS: registrant.select_application_administrators,
    }[step]

    assert (again().status_code, again().status_code) == (302, 302)
    assert registrant.stored().administrators.count() == 1


def test_creating_somebody_twice_makes_one_person(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
    registrant.create_application_administrator()

    page = registrant.create_application_administrator().content.decode()

    assert "You have already entered Ana Ortiz" in page
    assert registrant.stored().administrators.count() == 2


def test_in_two_tabs_the_last_one_wins(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    first_tab, second_tab = registrant.open(WizardStep.PROFILE), registrant.open(WizardStep.PROFILE)
    assert first_tab.status_code == second_tab.status_code == 200

    registrant.profile(city="Leeds")
    registrant.profile(city="York")

    assert registrant.stored().city == "York"


def test_a_tab_left_open_after_submit_leads_to_how_it_stands(registrant: Registrant) -> None:
    registrant.submitted()

    response = registrant.client.post(registrant.url(WizardStep.PROFILE), {"city": "York"}, follow=True)

    assert response.redirect_chain == [(registrant.url("submitted"), 302)]
    assert "This registration was submitted." in response.content.decode()
    assert registrant.stored().city == "Sheffield"


def test_submit_twice_is_one_submission(registrant: Registrant) -> None:
    registrant.submitted()

    assert registrant.submit().headers["Location"] == registrant.url("submitted")
    assert len(worlds.mails("registration_received")) == 1


@pytest.mark.django_db(transaction=True)
def test_submit_pressed_in_eight_tabs_at_once_is_one_submission(registrant: Registrant) -> None:
    worlds.user("Sam", staff=True)
    registrant.up_to(WizardStep.REVIEW)

    at_once([registrant.submit] * 8)

    assert registrant.stored().state == RegistrationState.SUBMITTED
    assert len(worlds.mails("registration_received")) == 1
    assert len(worlds.mails("registration_waiting")) == 1


def test_review_shows_everything_and_each_edit_comes_back(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)

    page = registrant.open(WizardStep.REVIEW)

    for text in ("Newco Metals Ltd", "1 Foundry Lane", "kim@newco.example", "Secure File Transfer"):
        assert text in page.content.decode()
    edits = {section.edit_url for section in page.context["sections"]}
    assert edits == {
        f"{registrant.url(step)}?return=review"
        for step in (WizardStep.PROFILE, WizardStep.ADMINISTRATOR, WizardStep.APPLICATION_ADMINISTRATORS)
    }
    back = registrant.profile(query="?return=review", city="York")
    assert back.headers["Location"] == registrant.url(WizardStep.REVIEW)
    assert "York" in registrant.open(WizardStep.REVIEW).content.decode()


def test_another_application_re_opens_the_steps_that_depend_on_it(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)
    other = Application.objects.create(code="viewer", name="Drawing Viewer")

    response = registrant.profile(query="?return=review", applications=[str(worlds.sft().pk), str(other.pk)])

    step = registrant.url(WizardStep.APPLICATION_ADMINISTRATORS)
    assert response.headers["Location"] == f"{step}?return=review"
    assert WizardStep.APPLICATION_ADMINISTRATORS not in registrant.stored().completed_steps
    both = {"application_sft": str(registrant.contact().pk), "application_viewer": str(registrant.contact().pk)}
    done = registrant.post(WizardStep.APPLICATION_ADMINISTRATORS, both, query="?return=review")
    assert done.headers["Location"] == registrant.url(WizardStep.REVIEW)


def test_an_application_no_longer_asked_for_takes_its_administrators_along(registrant: Registrant) -> None:
    other = Application.objects.create(code="viewer", name="Drawing Viewer")
    registrant.up_to(WizardStep.PROFILE)
    registrant.profile(applications=[str(worlds.sft().pk), str(other.pk)])
    registrant.select_oneself()
    registrant.one_time_password()
    kim = str(registrant.contact().pk)
    registrant.post(WizardStep.APPLICATION_ADMINISTRATORS, {"application_sft": kim, "application_viewer": kim})

    registrant.profile(applications=[str(other.pk)])

    assert list(registrant.contact().administered.all()) == [other]


def test_another_administrator_needs_a_one_time_password_of_their_own(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)

    response = registrant.create_administrator()

    assert response.headers["Location"] == registrant.url(WizardStep.ONE_TIME_PASSWORD)
    assert "Petra Ortiz" in registrant.open(WizardStep.ONE_TIME_PASSWORD).content.decode()
    assert registrant.open(WizardStep.REVIEW).status_code == 302


def test_somebody_entered_can_be_corrected_and_removed(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.create_administrator()
    page = registrant.url("person", person=registrant.named("Petra").pk)

    registrant.client.post(page, {"first_name": "Petra", "last_name": "Olsen", "email": "p.olsen@newco.example"})
    assert registrant.named("Petra").email == "p.olsen@newco.example"
    assert registrant.named("Petra").is_organization_administrator
    taken = registrant.client.post(page, {"first_name": "P", "last_name": "O", "email": "kim@newco.example"})
    assert "You have already entered Kim Novak" in taken.content.decode()
    registrant.client.post(page, {"remove": "1"})
    assert registrant.stored().administrators.count() == 1
    assert WizardStep.ADMINISTRATOR not in registrant.stored().completed_steps


def test_the_contact_who_turns_out_to_be_somebody_entered_is_one_person(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.create_administrator()

    registrant.profile(contact_first_name="Petra", contact_last_name="Ortiz", contact_email="petra@newco.example")

    petra = registrant.stored().administrators.get()
    assert (petra.is_contact, petra.is_organization_administrator) == (True, True)


# --- Other browsers, ended sessions -------------------------------------------------------------------------------
@pytest.mark.parametrize("step", [*WizardStep, "submitted"])
def test_another_browser_is_told_how_to_resume_and_nothing_else(registrant: Registrant, step: str) -> None:
    registrant.up_to(WizardStep.REVIEW)
    stranger = Registrant("203.0.113.44")
    stranger.registration = registrant.registration

    theirs = stranger.open(step)
    stranger.registration = Registration(pk=uuid4())
    nobodys = stranger.open(step)

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.content == nobodys.content
    assert "Register Now" in theirs.content.decode()


@pytest.mark.parametrize("view", ["later", "ask"])
def test_another_browser_cannot_act_on_a_draft(registrant: Registrant, view: str) -> None:
    registrant.up_to(WizardStep.REVIEW)
    stranger = Registrant("203.0.113.44")
    stranger.registration = registrant.registration

    assert stranger.post(view).status_code == 404
    assert registrant.post(view).status_code == 302


def test_what_was_typed_when_the_session_ended_is_back_after_resuming(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.post("later")
    link = worlds.link_in(worlds.mails("registration_saved")[0], "/registration/")
    registrant.client.session.flush()

    late = registrant.profile(city="Leeds", legal_name="Typed Too Late Ltd")
    assert late.status_code == 404
    assert "What you entered is kept" in late.content.decode()
    assert registrant.stored().city == "Sheffield"
    registrant.get(link)
    page = registrant.open(WizardStep.PROFILE).content.decode()
    assert 'value="Leeds"' in page
    assert 'value="Typed Too Late Ltd"' in page


def test_a_one_time_password_typed_too_late_is_kept_nowhere(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
    registrant.client.session.flush()

    registrant.create_application_administrator()

    session = str(dict(registrant.client.session))
    assert "Ortiz" in session
    assert ONE_TIME_PASSWORD.replace(" ", "+") not in session


def test_the_mailed_link_resumes_in_another_browser(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ONE_TIME_PASSWORD)
    page = registrant.client.post(registrant.url("later"), follow=True).content.decode()
    assert "We have mailed a link to kim@newco.example" in page
    elsewhere = Registrant("203.0.113.80")
    elsewhere.registration = registrant.registration

    response = elsewhere.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))

    assert response.headers["Location"] == elsewhere.url(WizardStep.ONE_TIME_PASSWORD)
    assert elsewhere.open(WizardStep.ONE_TIME_PASSWORD).status_code == 200


def test_the_invitation_link_resumes_without_another_captcha(world: World, registrant: Registrant) -> None:
    landing = f"/invitation/{worlds.secret_of(worlds.invite(world))}/"
    registrant.up_to(WizardStep.ADMINISTRATOR, landing)
    elsewhere = Registrant("203.0.113.80")
    elsewhere.registration = registrant.registration

    page = elsewhere.get(landing).content.decode()
    response = elsewhere.client.post(landing, {"continue": "1"})

    assert "captcha" not in page.replace("Captcha</span>", "")
    assert response.headers["Location"] == elsewhere.url(WizardStep.ADMINISTRATOR)
    assert Registration.objects.count() == 1


def test_save_for_later_in_the_profile_keeps_what_is_right_so_far(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    response = registrant.profile(later="1", phone="call me", city="")

    stored = registrant.stored()
    assert response.headers["Location"] == registrant.url(WizardStep.PROFILE)
    assert (stored.legal_name, stored.contact_email, stored.city) == ("Newco Metals Ltd", "kim@newco.example", "")
    assert not stored.phone
    assert WizardStep.PROFILE not in stored.completed_steps
    assert len(worlds.mails("registration_saved")) == 1


def test_save_for_later_without_an_address_asks_for_it(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    page = registrant.profile(later="1", contact_email="").content.decode()

    assert "Enter your address here: the link to go on later is mailed to it." in page
    assert registrant.stored().legal_name == "Newco Metals Ltd"


def test_asking_for_ones_link_answers_the_same_for_known_and_unknown(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    known = registrant.client.post("/register/resume/", {"email": "KIM@newco.example"})
    unknown = registrant.client.post("/register/resume/", {"email": "nobody@newco.example"})

    assert known.status_code == unknown.status_code == 200
    assert known.content.decode().replace("kim@", "nobody@") == unknown.content.decode()
    [mail] = worlds.mails("registration_saved")
    assert mail.to == "kim@newco.example"


def test_links_to_one_address_are_limited(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    answers = [registrant.client.post("/register/resume/", {"email": "kim@newco.example"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_begun_draft_is_offered_on_the_register_page(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    assert "Continue: Newco Metals Ltd" in registrant.get("/register/").content.decode()
    assert "Newco" not in Registrant("203.0.113.80").get("/register/").content.decode()


# --- Ends ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_draft_whose_invitation_ended_says_so_and_is_kept(world: World, registrant: Registrant, how: str) -> None:
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, f"/invitation/{worlds.secret_of(invitation)}/")
    if how == "revoked":
        invitations.revoke(worlds.acting(world.inviter), invitation)
    else:
        type(invitation).objects.update(expires_at=timezone.now())

    page, submission = registrant.open(WizardStep.REVIEW), registrant.submit()

    assert (page.status_code, submission.status_code) == (410, 410)
    led_back = "its link leads you back to where you were" in " ".join(page.content.decode().split())
    assert led_back is (how == "expired"), "a revoked invitation cannot be sent again"
    assert registrant.stored().state == RegistrationState.DRAFT
    assert "on its way" in registrant.post("ask").content.decode()
    [mail] = worlds.mails("invitation_asked_for")
    assert mail.to == world.inviter.user.email


def test_a_resent_invitation_leads_back_to_the_draft(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, f"/invitation/{worlds.secret_of(invitation)}/")
    type(invitation).objects.update(expires_at=timezone.now())
    invitation.refresh_from_db()
    invitations.resend(worlds.acting(world.inviter), invitation)

    elsewhere = Registrant("203.0.113.80")
    elsewhere.registration = registrant.registration
    landing = elsewhere.client.post(f"/invitation/{worlds.secret_of(invitation)}/", {"continue": "1"})

    assert landing.headers["Location"] == elsewhere.url(WizardStep.REVIEW)
    assert elsewhere.submit().headers["Location"] == elsewhere.url("submitted")
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.STARTED


@pytest.mark.parametrize(("late", "state"), [(-1, RegistrationState.DRAFT), (1, RegistrationState.EXPIRED)])
def test_a_draft_nobody_comes_back_to_ends_to_the_second(registrant: Registrant, late: int, state: str) -> None:
    registrant.up_to(WizardStep.REVIEW)
    end = registrant.stored().expires_at

    with time_machine.travel(end + timedelta(seconds=late), tick=False):
        ends.expire_due()

    assert registrant.stored().state == state
    assert bool(registrant.contact().one_time_password_hash) is (state == RegistrationState.DRAFT)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_looks_again_at_a_draft_that_was_saved_while_it_waited() -> None:
    registration = drafts.start(worlds.VISITOR)
    Registration.objects.filter(pk=registration.pk).update(expires_at=timezone.now())

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        drafts.welcome_done(worlds.VISITOR, registration)
        sweep = behind_us(pool, ends.expire_due)

    assert sweep.result() == 0
    registration.refresh_from_db()
    assert registration.state == RegistrationState.DRAFT


def test_every_saved_step_gives_the_draft_its_full_time_again(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        registrant_later = drafts.welcome_done(worlds.VISITOR, registrant.stored())
        assert registrant_later.expires_at == timezone.now() + settings.REGISTRATION_DRAFT_LIFETIME


@pytest.mark.django_db(transaction=True)
def test_with_redis_gone_a_registration_goes_through_and_its_mails_wait(registrant: Registrant, no_redis: None) -> None:
    worlds.user("Sam", staff=True)

    registrant.submitted()

    waiting = worlds.mails("registration_received") + worlds.mails("registration_waiting")
    assert [mail.state for mail in waiting] == ["queued", "queued"]
    assert render(waiting[1]).subject.startswith("New registration: Newco Metals Ltd, due ")
