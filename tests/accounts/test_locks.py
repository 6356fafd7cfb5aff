"""What wrong passwords do to an account, and how its door opens again."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import LazySettings, settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.ports import Contact
from accounts.services import locks, people
from accounts.services.limits import CANNOT_COUNT, SIGN_IN
from accounts.tasks import look_after_doors
from core.actor import Actor
from core.errors import NotAllowed, Unavailable
from core.models import Mail, Outcome
from core.outbox import render
from tests.accounts.stages import (
    ADMINISTRATOR,
    PASSWORD,
    Invited,
    Upstairs,
    begin_first,
    choose_password,
    comparable,
    enter,
    events,
    invite,
    is_signed_in,
    link_in,
    mails,
)

FREE = SIGN_IN.here.free
ELSEWHERE = "198.51.100.77"
WRONG = "wrong wrong wrong"
NEW = "eleven quiet lighthouses"


def fail(identifier: str, times: int, *, address: str = "127.0.0.1") -> None:
    for _ in range(times):
        assert enter(Client(REMOTE_ADDR=address), identifier, WRONG).status_code == 422


def fail_everywhere(identifier: str, times: int) -> None:
    """Wrong passwords from so many addresses that nowhere has to wait."""
    for number in range(times):
        fail(identifier, 1, address=f"203.0.113.{number}")


def opens(identifier: str, password: str = PASSWORD, *, address: str = ELSEWHERE) -> int:
    status: int = enter(Client(REMOTE_ADDR=address), identifier, password).status_code
    return status


@pytest.fixture
def nearly_off(person: User) -> User:
    """Somebody with all but one of the wrong passwords that switch theirs off."""
    User.objects.filter(pk=person.pk).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW - 1)
    return person


@pytest.fixture
def switched_off(nearly_off: User) -> User:
    fail(nearly_off.user_id, 1)
    look_after_doors()
    nearly_off.refresh_from_db()
    return nearly_off


def test_wrong_tries_wait_longer_and_longer_where_they_come_from(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(person.user_id, FREE)
        for seconds in (30, 60, 120):
            refused = enter(Client(), person.user_id)
            assert (refused.status_code, refused["Retry-After"]) == (429, str(seconds))
            clock.shift(seconds - 1)
            assert opens(person.user_id, address="127.0.0.1") == 429
            clock.shift(1)
            fail(person.user_id, 1)
        assert opens(person.user_id, address="127.0.0.1") == 429
        assert opens(person.user_id) == 302


def test_the_right_password_after_the_wait_starts_over(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(2):
            fail(person.user_id, FREE)
            assert opens(person.user_id, address="127.0.0.1") == 429
            clock.shift(30)
            assert opens(person.user_id, address="127.0.0.1") == 302
    person.refresh_from_db()
    assert person.failed_tries == 0


def test_the_page_of_the_wait_says_what_helps(person: User) -> None:
    fail(person.user_id, FREE)
    page = enter(Client(), person.user_id).content.decode()
    assert "Wait" in page
    for way in ("/forgot-password/", "/help/login/"):
        assert f'href="{way}' in page, way


def test_an_unknown_name_waits_like_a_known_one(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        answers = {
            name: [enter(Client(), name, WRONG) for _ in range(FREE + 1)] for name in (person.user_id, "nobodyn_0000")
        }
    known, unknown = ([answer.status_code for answer in each] for each in answers.values())
    assert known == unknown == [422] * FREE + [429]
    last = [comparable(each[-1].content, name) for name, each in answers.items()]
    assert stripped(last[0]) == stripped(last[1])


def stripped(page: str) -> str:
    """A page without the request id it shows."""
    before, _, after = page.partition("<code>")
    return before + after.partition("</code>")[2]


def test_two_names_of_one_person_do_not_give_each_other_away(person: User) -> None:
    fail(person.user_id, FREE)
    assert opens(person.user_id, address="127.0.0.1") == 429
    assert enter(Client(), person.email, WRONG).status_code == 422
    person.refresh_from_db()
    assert person.failed_tries == FREE + 1


def test_each_lock_is_recorded_once_and_the_first_is_mailed(person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(person.user_id, FREE)
        enter(Client(), person.user_id, WRONG)
        clock.shift(30)
        fail(person.user_id, 1)
        clock.shift(1)
        fail("nobodyn_0000", FREE)
    known, grown, unknown = events(locks.LOCKED)
    assert known.data == {"tries": FREE, "seconds": 30}
    assert grown.data == {"tries": FREE + 1, "seconds": 60}
    assert (known.target_id, unknown.target_id) == (str(person.pk), "")
    assert mails("locked") == []
    look_after_doors()
    look_after_doors()
    (mail,) = mails("locked")
    assert mail.to == person.email
    text = render(mail).text
    assert f"{FREE} wrong passwords" in text
    assert "127.0.0.1" in text
    assert link_in(mail, "/forgot-password/")


def test_nobody_who_has_no_password_is_mailed_of_a_lock(invited: Invited) -> None:
    fail(invited.user.user_id, FREE)
    look_after_doors()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(("tries", "status"), [(99, 302), (100, 422)])
def test_the_hundredth_wrong_password_in_a_row_switches_it_off(person: User, tries: int, status: int) -> None:
    User.objects.filter(pk=person.pk).update(failed_tries=90)
    fail_everywhere(person.user_id, tries - 90)
    assert opens(person.user_id) == status
    look_after_doors()
    assert opens(person.email) == status
    assert len(events("accounts.password.switch_off")) == len(mails("password_off")) == (status == 422)


def test_a_password_that_is_off_looks_like_a_wrong_one(switched_off: User) -> None:
    off, wrong = (
        comparable(enter(Client(REMOTE_ADDR=ELSEWHERE), switched_off.user_id, password).content)
        for password in (PASSWORD, WRONG)
    )
    assert off == wrong
    assert [event.reason for event in events("accounts.session.begin") if event.outcome == Outcome.REFUSED] == [
        "wrong password", "password switched off", "password switched off",
    ]  # fmt: skip


def test_the_owner_is_told_once_and_whom_to_ask(nearly_off: User, upstairs: Upstairs) -> None:
    ana = invite("Ana", "Ferreira", "ana@hawker.example").user
    upstairs.contacts[nearly_off.user_id] = [Contact(ana.full_name, ana.email, "Hawker", ana)]
    fail_everywhere(nearly_off.user_id, 3)
    for _ in range(2):
        look_after_doors()
    (mail,) = mails("password_off")
    assert (mail.to, link_in(mail, "/forgot-password/")) != ("", "")
    assert "ana@hawker.example" in render(mail).text
    (event,) = events("accounts.password.switch_off")
    assert event.target_id == str(nearly_off.pk)


def test_a_running_session_goes_on_when_the_password_is_switched_off(client: Client, nearly_off: User) -> None:
    client.force_login(nearly_off)
    fail(nearly_off.user_id, 1)
    look_after_doors()
    assert is_signed_in(client)


def test_a_new_password_by_the_mailed_link_opens_everything_again(switched_off: User) -> None:
    fail(switched_off.user_id, FREE, address=ELSEWHERE)
    assert opens(switched_off.user_id) == 429
    visitor = Client()
    visitor.post("/forgot-password/", {"identifier": switched_off.email})
    link = urlsplit(link_in(mails("password_reset")[-1], "/forgot-password/")).path
    assert visitor.post(link, {"password": NEW, "repeated": NEW}).status_code == 302
    assert opens(switched_off.user_id, NEW, address="198.51.100.78") == 302


@pytest.mark.django_db(transaction=True)
def test_a_new_password_ends_the_waits(person: User, visitor: Actor) -> None:
    fail(person.user_id, FREE)
    browser = Client()
    browser.post("/forgot-password/", {"identifier": person.email})
    link = urlsplit(link_in(mails("password_reset")[-1], "/forgot-password/")).path
    assert browser.post(link, {"password": NEW, "repeated": NEW}).status_code == 302
    assert opens(person.user_id, NEW, address="127.0.0.1") == 302


def test_an_unlocking_opens_the_door_with_the_password_it_had(switched_off: User) -> None:
    fail(switched_off.email, FREE, address=ELSEWHERE)
    assert locks.state_of(switched_off)
    locks.unlock(ADMINISTRATOR, user=switched_off, reason="Called and asked.")
    assert not locks.state_of(switched_off)
    assert opens(switched_off.email) == 302
    (event,) = events("accounts.sign_in.unlock")
    assert (event.reason, event.data) == ("Called and asked.", {"password_was_off": True})
    assert [mail.to for mail in mails("unlocked")] == [switched_off.email]


def test_others_unlock_nobody(switched_off: User, visitor: Actor, invited_other: Invited) -> None:
    for actor in (visitor, people.acting(switched_off, seen=visitor), people.acting(invited_other.user, seen=visitor)):
        with pytest.raises(NotAllowed):
            locks.unlock(actor, user=switched_off)
    assert opens(switched_off.user_id) == 422
    locks.unlock(ADMINISTRATOR, user=switched_off)
    assert opens(switched_off.user_id) == 302


def test_without_redis_nothing_is_half_unlocked(switched_off: User, no_redis: None) -> None:
    with pytest.raises(Unavailable):
        locks.unlock(ADMINISTRATOR, user=switched_off)
    switched_off.refresh_from_db()
    assert switched_off.password_is_off


def test_tries_on_somebody_who_never_came_do_not_shut_them_out_later(invited: Invited) -> None:
    User.objects.filter(pk=invited.user.pk).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW)
    look_after_doors()
    assert events("accounts.password.switch_off") == []
    browser = Client()
    begin_first(browser, invited.user.user_id, invited.secret)
    choose_password(browser, NEW)
    assert opens(invited.user.user_id, NEW) == 302


def test_without_redis_the_page_says_that_nobody_gets_in(client: Client, person: User, no_redis: None) -> None:
    refused = enter(client, person.user_id)
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert CANNOT_COUNT in refused.content.decode()
    assert not is_signed_in(client)


def test_one_time_passwords_wait_too_and_an_unlocking_ends_it(invited: Invited) -> None:
    def first_login(secret: str) -> int:
        status: int = begin_first(Client(), invited.user.user_id, secret).status_code
        return status

    assert [first_login(WRONG) for _ in range(4)] == [422] * 4
    assert first_login(invited.secret) == 302
    assert [first_login(WRONG) for _ in range(FREE)] == [422] * FREE
    assert first_login(WRONG) == 429
    locks.unlock(ADMINISTRATOR, user=invited.user)
    assert first_login(WRONG) == 422


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 302)])
def test_only_an_own_proxy_says_where_a_try_comes_from(
    person: User, settings: LazySettings, proxies: int, status: int
) -> None:
    fail(person.user_id, FREE)
    settings.TRUSTED_PROXY_COUNT = proxies
    settings.SECURE_PROXY_SSL_HEADER = None
    browser = Client(headers={"X-Forwarded-For": f"127.0.0.1, {ELSEWHERE}"})
    assert enter(browser, person.user_id).status_code == status


def test_the_doors_are_looked_after_every_minute() -> None:
    from mag_portal.celery import app

    entry = app.conf.beat_schedule["doors"]
    assert entry["task"] == look_after_doors.name == locks.TASK
    assert entry["schedule"].run_every == timedelta(minutes=1)
