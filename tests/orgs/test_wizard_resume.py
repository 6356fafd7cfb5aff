"""Ways back into a draft: other browsers, ended sessions, mailed links, Save & resume later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import transaction

from orgs.models import Flag, Registration, WizardStep
from orgs.services.registrations import drafts
from tests.concurrency import behind_us
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import ONE_TIME_PASSWORD, VISITOR, World

pytestmark = pytest.mark.django_db


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


def test_a_begun_draft_is_offered_on_the_register_page(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    assert "Continue: Newco Metals Ltd" in registrant.get("/register/").content.decode()
    assert "Newco" not in Registrant("203.0.113.80").get("/register/").content.decode()


def test_a_profile_typed_too_late_before_there_was_an_address_is_put_into_the_next_draft(
    registrant: Registrant,
) -> None:
    registrant.up_to(WizardStep.PROFILE)
    registrant.client.session.flush()
    assert "begin a new registration" in registrant.profile(city="Leeds").content.decode()

    registrant.begin()
    registrant.welcome()

    assert 'value="Leeds"' in registrant.open(WizardStep.PROFILE).content.decode()
    assert 'value="Leeds"' not in registrant.open(WizardStep.PROFILE).content.decode(), "handed out once"


def test_what_was_typed_too_late_is_not_put_into_a_draft_that_existed(registrant: Registrant) -> None:
    other = Registrant("203.0.113.80")
    other.up_to(WizardStep.ADMINISTRATOR)
    other.post("later")
    registrant.up_to(WizardStep.PROFILE)
    registrant.client.session.flush()
    registrant.profile(city="Leeds")

    registrant.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))
    registrant.registration = other.registration

    assert 'value="Leeds"' not in registrant.open(WizardStep.PROFILE).content.decode()


def test_a_person_removed_in_another_tab_is_said_where_the_draft_goes_on(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.create_administrator()
    petra = registrant.url("person", person=registrant.named("Petra").pk)
    page = registrant.open(WizardStep.ONE_TIME_PASSWORD)
    assert page.status_code == 200
    registrant.client.post(petra, {"remove": "1"})

    response = registrant.client.post(petra, {"remove": "1"}, follow=True)

    assert response.status_code in {200, 404}


# --- The address behind the link ----------------------------------------------------------------------------------
def test_going_on_from_the_mailed_link_confirms_the_address_and_looking_does_not(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.post("later")
    assert registrant.welcome().status_code == 302
    assert registrant.stored().email_confirmed_at is None

    registrant.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))
    assert registrant.stored().email_confirmed_at is None, "mail scanners look too"
    registrant.welcome()

    first = registrant.stored().email_confirmed_at
    assert first is not None
    registrant.welcome()
    assert registrant.stored().email_confirmed_at == first


def test_the_status_link_confirms_it_too_and_takes_the_warning_away(registrant: Registrant) -> None:
    registrant.submitted()
    Registration.objects.update(flags=[Flag.UNCONFIRMED_MAIL, Flag.ONE_ADMINISTRATOR])
    link = worlds.link_in(worlds.mails("registration_received")[0], "/registration/")

    registrant.client.post(f"{link}answer/")

    assert registrant.stored().email_confirmed_at is not None
    assert registrant.stored().flags == [Flag.ONE_ADMINISTRATOR]


def test_a_link_mailed_to_an_earlier_address_confirms_nothing_and_opens_nothing(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.post("later")
    link = worlds.link_in(worlds.mails("registration_saved")[0], "/registration/")

    registrant.profile(contact_email="lee@newco.example")

    stranger = Registrant("203.0.113.44")
    assert stranger.get(link).status_code == 410
    stranger.registration = registrant.registration
    assert stranger.open(WizardStep.PROFILE).status_code == 404
    assert registrant.stored().email_confirmed_at is None


@pytest.mark.parametrize("had_confirmed_their_own", [False, True])
def test_what_another_browser_goes_on_with_is_not_submitted_under_the_confirmed_address(
    registrant: Registrant, had_confirmed_their_own: bool
) -> None:
    registrant.up_to(WizardStep.REVIEW)
    if had_confirmed_their_own:
        registrant.post("later")
        registrant.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))
        registrant.welcome()
        registrant.profile(contact_email="li@newco.example")
    registrant.post("later")
    owner = Registrant("203.0.113.44")
    owner.registration = registrant.registration
    owner.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))
    owner.welcome()
    assert owner.stored().email_confirmed_at

    registrant.submit()

    assert Flag.UNCONFIRMED_MAIL in registrant.stored().flags


def test_whoever_came_by_the_link_goes_on_under_the_confirmed_address(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)
    registrant.post("later")
    owner = Registrant("203.0.113.44")
    owner.registration = registrant.registration
    owner.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))
    owner.welcome()
    owner.profile(city="Leeds")

    owner.submit()

    assert Flag.UNCONFIRMED_MAIL not in owner.stored().flags


@pytest.mark.django_db(transaction=True)
def test_a_link_asked_for_while_the_address_changes_goes_to_the_one_that_stays(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    as_it_was = registrant.stored()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            drafts.keep_answers(VISITOR, as_it_was, answers={"contact_email": "li@newco.example"})
            asked = behind_us(pool, lambda: drafts.mail_link(VISITOR, as_it_was))
        asked.result(timeout=60)

    assert [mail.to for mail in worlds.mails("registration_saved")] == ["li@newco.example"]


def test_another_address_has_to_be_confirmed_anew(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.post("later")
    registrant.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"))

    registrant.profile(contact_email="KIM@newco.example")
    assert registrant.stored().email_confirmed_at is not None
    registrant.profile(contact_email="lee@newco.example")
    assert registrant.stored().email_confirmed_at is None


@pytest.mark.parametrize("colleague_allowed", [False, True])
def test_the_invitation_link_confirms_the_invited_address_unless_a_colleague_may_hold_it(
    world: World, registrant: Registrant, colleague_allowed: bool
) -> None:
    invitation = worlds.invite(world)
    type(invitation).objects.update(colleague_allowed=colleague_allowed)

    registrant.begin(f"/invitation/{worlds.secret_of(invitation)}/")

    assert (registrant.stored().email_confirmed_at is None) is colleague_allowed
