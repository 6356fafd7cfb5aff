"""My Account: phone, language and clock, and the mails that somebody does without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts import notifications
from accounts.models import User
from accounts.notifications import Kind
from accounts.ports import Contact
from accounts.services import people, profiles
from core.actor import Actor
from core.errors import NotAllowed
from core.outbox import render
from tests.accounts.stages import Invited, Upstairs, enter, events, mails

ORDINARY, OTHERS = "tests.ordinary", "tests.others"


@pytest.fixture
def kinds() -> Iterator[None]:
    before = dict(notifications._kinds)
    notifications._kinds.clear()
    notifications.register(
        Kind(ORDINARY, 1, "Something came", "What comes every day"),
        Kind(OTHERS, 2, "For others", "What only staff sees", concerns=lambda actor: actor.is_staff),
    )
    yield
    notifications._kinds.clear()
    notifications._kinds.update(before)


@pytest.fixture
def at_home(client: Client, person: User) -> Client:
    """The browser of ``person``, who has just signed in."""
    enter(client, person.user_id)
    return client


def test_the_profile_says_who_one_is_and_who_corrects_a_name(
    at_home: Client, person: User, invited_other: Invited, upstairs: Upstairs
) -> None:
    administrator = Contact("Kim Lindqvist", "kim@hawker.example", "Hawker", invited_other.user)
    upstairs.contacts[person.user_id] = [administrator]
    page = at_home.get("/account/").content.decode()
    for shown in (person.full_name, person.user_id, person.email, "mailto:kim@hawker.example"):
        assert shown in page


def test_a_phone_number_is_kept_in_one_spelling_and_its_owner_told(at_home: Client, person: User) -> None:
    assert at_home.post("/account/phone/", {"phone": "+1 (703) 5550100"}).status_code == 302
    person.refresh_from_db()
    assert person.phone == "+1 703-555-0100"
    (mail,) = mails("phone_changed")
    assert mail.to == person.email
    assert "+1 703-555-0100" in render(mail).text
    assert [event.data for event in events("accounts.user.change_phone")] == [{"is_given": True}]


def test_a_phone_number_can_go(at_home: Client, person: User) -> None:
    at_home.post("/account/phone/", {"phone": "+1 703 555 0100"})
    assert at_home.post("/account/phone/", {"phone": ""}).status_code == 302
    person.refresh_from_db()
    assert person.phone == ""
    assert "was removed" in render(mails("phone_changed")[-1]).text


def test_the_same_number_again_is_no_change(at_home: Client) -> None:
    for typed in ("+1 703 555 0100", "+17035550100"):
        assert at_home.post("/account/phone/", {"phone": typed}).status_code == 302
    assert len(mails("phone_changed")) == len(events("accounts.user.change_phone")) == 1


@pytest.mark.parametrize("typed", ["703 555 0100", "call me", "+1 000", "+" * 33, "+1 703 555 0100\0"])
def test_what_is_no_number_comes_back_as_it_was_typed(at_home: Client, person: User, typed: str) -> None:
    response = at_home.post("/account/phone/", {"phone": typed})
    assert response.status_code == 422
    assert response.context["form"].errors["phone"]
    assert response.context["form"]["phone"].value() == typed
    person.refresh_from_db()
    assert person.phone == ""


def test_a_phone_number_is_for_whoever_has_just_proved_who_they_are(client: Client, person: User) -> None:
    client.force_login(person)
    for response in (client.get("/account/phone/"), client.post("/account/phone/", {"phone": "+1 703 555 0100"})):
        assert response["Location"].startswith("/account/confirm/")
    person.refresh_from_db()
    assert person.phone == ""


def test_nobody_changes_somebody_else(person: User, invited_other: Invited, visitor: Actor) -> None:
    stranger = people.acting(invited_other.user, seen=visitor)
    with pytest.raises(NotAllowed):
        profiles.change_phone(stranger, user=person, phone="+1 703 555 0100")
    with pytest.raises(NotAllowed):
        profiles.set_preferences(stranger, user=person, language="en", time_zone="UTC")
    with pytest.raises(NotAllowed):
        profiles.choose_notifications(stranger, user=person, wanted=[])


def test_what_a_form_does_not_ask_for_stays(at_home: Client, person: User) -> None:
    given = {
        "phone": "+1 703 555 0100",
        "is_staff": "on",
        "state": "closed",
        "user_id": "root_0001",
        "email": "x@y.example",
    }
    assert at_home.post("/account/phone/", given).status_code == 302
    before = (person.is_staff, person.state, person.user_id, person.email)
    person.refresh_from_db()
    assert (person.is_staff, person.state, person.user_id, person.email) == before


def test_a_time_zone_is_chosen_from_those_there_are(at_home: Client, person: User) -> None:
    assert at_home.post("/account/preferences/", {"time_zone": "Europe/Berlin"}).status_code == 302
    person.refresh_from_db()
    assert person.time_zone == "Europe/Berlin"
    assert at_home.post("/account/preferences/", {"time_zone": "Mars/Olympus"}).status_code == 422
    person.refresh_from_db()
    assert person.time_zone == "Europe/Berlin"


def test_a_language_is_asked_for_where_there_are_several(at_home: Client, person: User, settings: LazySettings) -> None:
    assert b"Language" not in at_home.get("/account/preferences/").content
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    assert b"Deutsch" in at_home.get("/account/preferences/").content


def test_mails_about_the_account_tell_the_time_of_its_owner(at_home: Client, person: User) -> None:
    at_home.post("/account/preferences/", {"time_zone": "Asia/Tokyo"})
    at_home.post("/account/phone/", {"phone": "+1 703 555 0100"})
    assert "(Asia/Tokyo)" in render(mails("phone_changed")[0]).text


def test_what_is_switched_off_is_not_wanted_until_it_is_switched_on(at_home: Client, person: User, kinds: None) -> None:
    assert notifications.wants(person, ORDINARY)
    assert at_home.post("/account/notifications/", {}).status_code == 302
    person.refresh_from_db()
    assert not notifications.wants(person, ORDINARY)
    assert at_home.post("/account/notifications/", {"wanted": [ORDINARY]}).status_code == 302
    person.refresh_from_db()
    assert notifications.wants(person, ORDINARY)
    assert [event.data["muted"] for event in events("accounts.user.choose_notifications")] == [[ORDINARY], []]


def test_only_what_concerns_somebody_is_offered_and_changed(at_home: Client, person: User, kinds: None) -> None:
    assert b"For others" not in at_home.get("/account/notifications/").content
    person.muted_notices = [OTHERS]
    person.save()
    assert at_home.post("/account/notifications/", {"wanted": [ORDINARY]}).status_code == 302
    person.refresh_from_db()
    assert person.muted_notices == [OTHERS]
    assert at_home.post("/account/notifications/", {"wanted": [OTHERS]}).status_code == 422


def test_a_kind_that_nobody_registered_is_a_mistake(person: User) -> None:
    with pytest.raises(LookupError):
        notifications.wants(person, "accounts.password_changed")


def test_mails_about_the_account_are_no_kind_that_can_be_switched_off(at_home: Client, person: User) -> None:
    assert not [code for code in notifications._kinds if code.startswith("accounts.")]
    person.muted_notices = ["accounts.password_changed", "accounts.phone_changed"]
    person.save()
    at_home.post("/account/phone/", {"phone": "+1 703 555 0100"})
    assert mails("phone_changed")
