"""What the operator's staff do with accounts: in the back office, and once at installation."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User, UserState
from accounts.services import people
from accounts.tasks import look_after_doors
from tests.accounts.stages import (
    ADMINISTRATOR,
    Invited,
    activate,
    begin_first,
    choose_password,
    come_through,
    enter,
    events,
    invite,
    is_signed_in,
)

LIST = "/admin/accounts/user/"
SECRET = re.compile(r"(?:[A-HJKMNP-Z2-9]{4}-){3}[A-HJKMNP-Z2-9]{4}")


@pytest.fixture
def office(client: Client, staff: User) -> Client:
    """The browser of a staff member who is signed in."""
    enter(client, staff.user_id)
    return client


def act(client: Client, action: str, *users: User, reason: str = "") -> str:
    given = {"action": action, "_selected_action": [str(user.pk) for user in users], "reason": reason}
    return client.post(LIST, given, follow=True).content.decode()


def test_the_back_office_is_entered_by_the_one_door(client: Client, staff: User) -> None:
    asked = client.get(LIST, follow=True)
    assert asked.redirect_chain[-1][0].startswith("/sign-in/?next=")
    assert asked.context["form"]["next"].value() == LIST
    enter(client, staff.user_id)
    assert client.get(LIST).status_code == 200


def test_others_do_not_get_in(client: Client, person: User) -> None:
    enter(client, person.user_id)
    assert client.get(LIST, follow=True).redirect_chain[-1][0] != LIST


def test_the_back_office_is_left_by_the_one_door(office: Client) -> None:
    assert office.get("/admin/logout/").status_code == 405
    assert office.post("/admin/logout/")["Clear-Site-Data"]
    assert len(events("accounts.session.end")) == 1
    assert not is_signed_in(office)


def test_the_back_office_has_no_password_page_of_its_own(office: Client) -> None:
    assert office.post("/admin/password_change/")["Location"] == "/account/password/"


def test_people_are_found_and_their_passwords_are_not(office: Client, person: User) -> None:
    for wanted in (person.user_id, "jordan.smith@", "Smith"):
        assert person.email in office.get(LIST, {"q": wanted}).content.decode(), wanted
    assert person.email not in office.get(LIST, {"q": "nobodyn"}).content.decode()
    page = office.get(f"{LIST}{person.pk}/change/").content.decode()
    assert person.email in page
    assert person.password not in page
    assert 'name="password"' not in page
    assert 'name="_save"' not in page


def test_nobody_is_added_edited_or_deleted_by_hand(office: Client, person: User) -> None:
    assert office.get(f"{LIST}add/").status_code == 403
    assert office.post(f"{LIST}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    office.post(f"{LIST}{person.pk}/change/", {"email": "evil@x.example", "state": "closed", "is_staff": "on"})
    person.refresh_from_db()
    assert (person.email, person.state, person.is_staff) == ("jordan.smith@hawker.example", UserState.ACTIVE, False)


def test_suspending_needs_a_reason_and_ends_the_session(office: Client, person: User) -> None:
    browser = Client()
    enter(browser, person.user_id)
    assert "Say why" in act(office, "suspend", person)
    assert is_signed_in(browser)
    assert "1 suspended" in act(office, "suspend", person, reason="Left the project.")
    assert not is_signed_in(browser)
    assert [event.reason for event in events("accounts.user.suspend")] == ["Left the project."]
    assert "1 let in" in act(office, "unsuspend", person)
    assert enter(browser, person.user_id).status_code == 302


def test_staff_do_not_suspend_themselves(office: Client, staff: User) -> None:
    assert "your own account" in act(office, "suspend", staff, reason="Holiday.")
    assert is_signed_in(office)


def test_signing_somebody_out_everywhere(office: Client, person: User) -> None:
    browser = Client()
    enter(browser, person.user_id)
    assert "1 signed out" in act(office, "end_sessions", person)
    assert not is_signed_in(browser)


def test_unlocking_opens_a_password_that_was_switched_off(office: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW)
    look_after_doors()
    assert person.user_id in office.get(LIST, {"password_off_at__isempty": "0"}).content.decode()
    assert enter(Client(), person.user_id).status_code == 422
    assert "1 unlocked" in act(office, "unlock", person, reason="Called, and knew the project.")
    assert enter(Client(), person.user_id).status_code == 302
    assert [event.reason for event in events("accounts.sign_in.unlock")] == ["Called, and knew the project."]


def test_a_new_one_time_password_is_shown_once(office: Client, invited: Invited) -> None:
    address = f"{LIST}{invited.user.pk}/one-time-password/"
    assert not SECRET.search(office.get(address).content.decode())
    (secret,) = SECRET.findall(office.post(address).content.decode())
    assert not SECRET.search(office.get(address).content.decode())
    assert activate(Invited(invited.user, secret)).state == UserState.ACTIVE
    for event in events("accounts.one_time_password.issue"):
        assert secret not in str(vars(event))
    with time_machine.travel(timezone.now() + settings.CONFIRMED_FOR + timedelta(seconds=1), tick=False):
        assert office.post(address)["Location"].startswith("/account/confirm/")


def test_a_closed_account_gets_no_one_time_password(office: Client, person: User) -> None:
    people.close(ADMINISTRATOR, user=person, reason="Left the company.")
    assert office.post(f"{LIST}{person.pk}/one-time-password/").status_code == 409


def test_the_list_costs_the_same_among_many(office: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(LIST).status_code == 200
        return len(captured)

    for number in range(10):
        invite(email=f"a{number}@hawker.example")
    among_few = queries()
    User.objects.bulk_create(User(user_id=f"manym_{number:04}", email=f"m{number}@x.example") for number in range(1000))
    assert queries() == among_few


def test_the_first_staff_account_comes_from_the_command_line(db: None) -> None:
    out = StringIO()
    call_command("create_operator_staff", "ROBIN@operator.example", "Robin", "Okafor", stdout=out)
    (secret,) = SECRET.findall(out.getvalue())
    user = User.objects.get()
    assert user.user_id in out.getvalue()
    assert (user.is_staff, user.is_superuser, user.email) == (True, False, "robin@operator.example")
    client = Client()
    begin_first(client, user.user_id, secret)
    choose_password(client, "nine brass kettles")
    come_through(client)
    assert client.get(LIST).status_code == 200


def test_the_command_says_when_the_address_is_taken(invited: Invited) -> None:
    with pytest.raises(CommandError, match="already belongs"):
        call_command("create_operator_staff", invited.user.email, "Robin", "Okafor")
    assert User.objects.count() == 1
