"""Several Organization Administrators, and everybody with a role: named, given a One Time Password, removed, approved."""

from __future__ import annotations

import pytest

from core.errors import Conflict, Invalid
from orgs.models import Membership, RegistrationAdministrator, RegistrationState, Role, WizardStep
from orgs.services import approval
from orgs.services.registrations import administrators
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant, person
from tests.orgs.world import ONE_TIME_PASSWORD, VISITOR, World

pytestmark = pytest.mark.django_db

STEP = WizardStep.ADMINISTRATOR


def named(registrant: Registrant) -> set[str]:
    chosen = registrant.stored().administrators.filter(is_organization_administrator=True)
    return set(chosen.values_list("first_name", flat=True))


def add_petra(registrant: Registrant, **more: str) -> RegistrationAdministrator:
    """Oneself and somebody new, in one step."""
    selected = [str(registrant.contact().pk), "new"]
    assert registrant.post(STEP, {"selected": selected, **person("Petra"), **more}).status_code == 302
    return registrant.named("Petra")


# --- Naming -------------------------------------------------------------------------------------------------------
def test_oneself_and_somebody_new_are_named_in_one_step(registrant: Registrant) -> None:
    registrant.up_to(STEP)

    add_petra(registrant)

    assert named(registrant) == {"Kim", "Petra"}


def test_another_one_is_added_on_the_same_page(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    kim = str(registrant.contact().pk)

    answer = registrant.post(STEP, {"selected": [kim], "another": "1"})
    page = registrant.get(answer.headers["Location"])
    after = registrant.post(STEP, {"selected": [kim, "new"], **person("Petra"), "another": "1"})
    last = registrant.post(STEP, {"selected": [kim, str(registrant.named("Petra").pk), "new"]})

    assert page.context["form"].initial["selected"] == [kim, "new"]
    assert after.headers["Location"].endswith("?another=1")
    assert last.headers["Location"] == registrant.url(WizardStep.ONE_TIME_PASSWORD)
    assert named(registrant) == {"Kim", "Petra"}


def test_adding_needs_no_tick_where_a_person_was_typed(registrant: Registrant) -> None:
    registrant.up_to(STEP)

    registrant.post(STEP, {"selected": [str(registrant.contact().pk)], **person("Petra"), "another": "1"})

    assert named(registrant) == {"Kim", "Petra"}


def test_a_person_typed_and_not_ticked_is_not_lost(registrant: Registrant) -> None:
    registrant.up_to(STEP)

    answer = registrant.post(STEP, {"selected": [str(registrant.contact().pk)], **person("Petra")})

    assert answer.status_code == 422
    assert "You began to enter somebody below." in answer.content.decode()
    assert 'value="Petra"' in answer.content.decode()


def test_who_is_no_longer_ticked_is_an_administrator_no_longer(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    petra = add_petra(registrant)

    registrant.post(STEP, {"selected": [str(petra.pk)]})

    assert named(registrant) == {"Petra"}
    assert registrant.stored().administrators.count() == 2, "still there to select"


def test_removing_the_only_one_opens_the_step_again(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    petra = add_petra(registrant)
    registrant.post(STEP, {"selected": [str(petra.pk)]})

    answer = registrant.client.post(registrant.url("person", person=petra.pk), {"remove": "1"})

    assert answer.headers["Location"] == registrant.url(STEP)
    assert named(registrant) == set()
    assert registrant.submit().headers["Location"] == registrant.url(STEP)


def test_nobody_at_all_is_refused_by_the_service_too(registrant: Registrant) -> None:
    registration = registrant.up_to(STEP)

    with pytest.raises(Invalid):
        administrators.choose_organization_administrators(VISITOR, registration, chosen=[])


def test_somebody_of_another_registration_is_refused_by_the_service_too(registrant: Registrant) -> None:
    other = Registrant("203.0.113.77")
    other.up_to(STEP)
    registration = registrant.up_to(STEP)

    with pytest.raises(Conflict):
        administrators.choose_organization_administrators(
            VISITOR, registration, chosen=[registrant.contact(), other.contact()]
        )
    assert named(registrant) == set()


def test_a_registration_names_a_limited_number_of_people(
    registrant: Registrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrant.up_to(STEP)
    monkeypatch.setattr(administrators, "MOST_PEOPLE", 2)
    add_petra(registrant)

    answer = registrant.post(STEP, {"selected": ["new"], **person("Quinn")})

    assert answer.status_code == 422
    assert "names up to 2 people" in answer.content.decode()
    assert 'value="Quinn"' in answer.content.decode()


# --- One Time Passwords -------------------------------------------------------------------------------------------
def test_everybody_with_a_role_gets_a_one_time_password_in_turn(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    petra = add_petra(registrant)

    first = registrant.open(WizardStep.ONE_TIME_PASSWORD).context["administrator"]
    after_first = registrant.one_time_password()
    second = registrant.client.post(after_first.headers["Location"], {"one_time_password": ONE_TIME_PASSWORD})

    assert first.first_name == "Kim"
    assert after_first.headers["Location"] == registrant.url(WizardStep.ONE_TIME_PASSWORD, person=petra.pk)
    assert second.headers["Location"] == registrant.url(WizardStep.APPLICATION_ADMINISTRATORS)
    assert all(registrant.stored().administrators.values_list("one_time_password_hash", flat=True))


def test_a_one_time_password_sent_twice_is_for_one_person(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    petra = add_petra(registrant)
    page = registrant.open(WizardStep.ONE_TIME_PASSWORD)

    for _click in range(2):
        registrant.client.post(page.context["action"], {"one_time_password": ONE_TIME_PASSWORD})

    petra.refresh_from_db()
    assert f'action="{page.context["action"]}"' in page.content.decode()
    assert registrant.contact().one_time_password_hash
    assert petra.one_time_password_hash == ""


def test_one_added_later_is_the_next_to_get_one(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)

    registrant.client.post(
        registrant.url(STEP) + "?return=review", {"selected": [str(registrant.contact().pk), "new"], **person("Petra")}
    )

    assert registrant.open(WizardStep.ONE_TIME_PASSWORD).context["administrator"].first_name == "Petra"
    assert registrant.submit().headers["Location"] == registrant.url(WizardStep.ONE_TIME_PASSWORD)


# --- To the end ---------------------------------------------------------------------------------------------------
def test_all_that_were_named_are_administrators_once_approved(world: World, registrant: Registrant) -> None:
    registrant.up_to(STEP)
    petra = add_petra(registrant)
    registrant.one_time_password()
    registrant.client.post(
        registrant.url(WizardStep.ONE_TIME_PASSWORD, person=petra.pk), {"one_time_password": ONE_TIME_PASSWORD}
    )
    registrant.select_application_administrators(registrant.contact(), petra)
    review = registrant.open(WizardStep.REVIEW).content.decode()
    registrant.submit()

    approval.approve(world.operator, registrant.stored())

    assert "Kim Novak" in review
    assert "petra@newco.example" in review
    assert "Two are recommended" not in review
    held = Membership.objects.filter(organization=registrant.stored().organization)
    for role in (Role.OA, Role.AA):
        assert set(held.filter(roles__role=role).values_list("user__first_name", flat=True)) == {"Kim", "Petra"}
    assert {mail.to for mail in worlds.mails("registration_approved")} == {"kim@newco.example", "petra@newco.example"}


def test_every_edit_link_of_review_leads_back_to_review(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)
    kim, query = str(registrant.contact().pk), "?return=review"

    links = {section.edit_url for section in registrant.open(WizardStep.REVIEW).context["sections"]}
    answers = [
        registrant.profile(query=query, city="Leeds"),
        registrant.post(STEP, {"selected": [kim]}, query=query),
        registrant.post(WizardStep.APPLICATION_ADMINISTRATORS, {"application_sft": [kim]}, query=query),
    ]

    steps = (WizardStep.PROFILE, STEP, WizardStep.APPLICATION_ADMINISTRATORS)
    assert links == {registrant.url(step) + query for step in steps}
    assert {answer.headers["Location"] for answer in answers} == {registrant.url(WizardStep.REVIEW)}
    assert registrant.stored().city == "Leeds"


# --- Once only ----------------------------------------------------------------------------------------------------
def test_submit_again_from_another_tab_shows_what_was_submitted(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)

    first, second = registrant.submit(), registrant.submit()
    replayed = registrant.profile(legal_name="Mallory Ltd")

    assert {answer.headers["Location"] for answer in (first, second, replayed)} == {registrant.url("submitted")}
    assert registrant.stored().state == RegistrationState.SUBMITTED
    assert registrant.stored().legal_name == "Newco Metals Ltd"
    assert len(worlds.mails("registration_received")) == 1
