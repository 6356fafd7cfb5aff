"""Steps in and out of order: skipped, posted twice, gone back to, in two tabs, in another browser, after the session."""

from __future__ import annotations

import pytest

from orgs.models import Application, RegistrationState, WizardStep
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant

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
