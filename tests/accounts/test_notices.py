"""What people accept: shown before they come in, recorded once with its version, and asked again when it changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import queries
from accounts.forms.sign_in import NOTICE_CHANGED
from accounts.models import Notice, NoticeAcceptance, NoticeKind, User, UserState
from accounts.services import notices, people
from core.actor import Actor
from core.errors import Conflict, NotAllowed
from tests.accounts.stages import (
    PASSWORD,
    Invited,
    begin_first,
    choose_password,
    come_through,
    enter,
    events,
    is_signed_in,
    notice_seen,
    terms_accepted,
)
from tests.concurrency import at_once

TERMS = "/sign-in/terms/"
LIST = "/admin/accounts/notice/"
PUBLISH_TERMS = f"{LIST}publish/terms/"
NEW_WORDS = "Be good.\n\nTell us <b>when</b> you are not."


def in_force(kind: NoticeKind) -> Notice:
    notice = queries.current_notice(kind)
    assert notice
    return notice


def publish(staff: User, kind: NoticeKind, text: str = NEW_WORDS) -> Notice:
    actor = people.acting(staff, seen=Actor.anonymous(ip="203.0.113.9", request_id="request-0009"))
    return notices.publish(actor, kind=kind, text=text, instead_of=in_force(kind).version)


def accepted(user: User, kind: NoticeKind) -> list[int]:
    rows = NoticeAcceptance.objects.filter(user=user, notice__kind=kind)
    return sorted(rows.values_list("notice__version", flat=True))


def words(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("path", ["/sign-in/", "/first-time-login/"])
def test_the_notice_stands_before_both_ways_in(client: Client, db: None, path: str) -> None:
    page = words(client.get(path))
    assert in_force(NoticeKind.SYSTEM_USE).text.split("\n")[0] in page
    assert "Accept and continue" in page


def test_going_on_below_the_notice_is_recorded_once_with_its_version(client: Client, person: User) -> None:
    for _ in range(2):
        assert enter(client, person.user_id)["Location"] == "/home/"
        client.post("/sign-out/")
    assert accepted(person, NoticeKind.SYSTEM_USE) == [1]
    (acceptance,) = NoticeAcceptance.objects.filter(user=person, notice__kind=NoticeKind.SYSTEM_USE)
    assert acceptance.ip == "127.0.0.1"
    (event,) = [event for event in events("accounts.notice.accept") if event.data["notice"] == "system_use"]
    assert (event.actor_id, event.data["version"]) == (person.id, 1)


def test_first_time_login_records_both(client: Client, invited: Invited) -> None:
    begin_first(client, invited.user.user_id, invited.secret)
    choose_password(client)
    assert accepted(invited.user, NoticeKind.TERMS) == []
    come_through(client)
    assert accepted(invited.user, NoticeKind.SYSTEM_USE) == accepted(invited.user, NoticeKind.TERMS) == [1]


@pytest.mark.parametrize(
    "seen", [{}, {"system_use": ""}, {"system_use": "0"}, {"system_use": "99"}, {"system_use": "x"}]
)
def test_a_version_that_was_not_shown_is_not_accepted(client: Client, person: User, seen: dict[str, str]) -> None:
    response = client.post("/sign-in/", {"identifier": person.user_id, **seen})
    assert response.status_code == 422
    assert str(NOTICE_CHANGED) in words(response)
    assert person.user_id in words(response)
    assert client.post("/sign-in/", {"identifier": person.user_id, **notice_seen()}).status_code == 302


def test_a_notice_that_changes_while_somebody_reads_is_shown_again(
    client: Client, person: User, invited_other: Invited, staff: User
) -> None:
    seen = notice_seen()
    publish(staff, NoticeKind.SYSTEM_USE)
    response = client.post("/sign-in/", {"identifier": person.user_id, **seen})
    assert (response.status_code, "Be good." in words(response)) == (422, True)
    typed = {"user_id": invited_other.user.user_id, "one_time_password": invited_other.secret, **seen}
    response = client.post("/first-time-login/", typed)
    assert (response.status_code, "Be good." in words(response)) == (422, True)
    invited_other.user.refresh_from_db()
    assert invited_other.user.state == UserState.INVITED
    assert enter(client, person.user_id)["Location"] == "/home/"
    assert accepted(person, NoticeKind.SYSTEM_USE) == [2]


def test_changed_between_the_two_pages_what_was_shown_is_recorded(client: Client, person: User, staff: User) -> None:
    client.post("/sign-in/", {"identifier": person.user_id, **notice_seen()})
    publish(staff, NoticeKind.SYSTEM_USE)
    client.post("/sign-in/password/", {"identifier": person.user_id, "password": PASSWORD})
    assert accepted(person, NoticeKind.SYSTEM_USE) == [1]


def test_changed_terms_are_asked_for_at_the_next_sign_in(client: Client, person: User, staff: User) -> None:
    enter(client, person.user_id)
    publish(staff, NoticeKind.TERMS)
    assert is_signed_in(client), "who is in goes on working"
    again = Client()
    assert enter(again, person.user_id, next="/account/?from=mail")["Location"] == TERMS
    page = words(again.get(TERMS))
    assert "They have changed since you were here" in page
    assert "Tell us &lt;b&gt;when&lt;/b&gt; you are not." in page
    assert not is_signed_in(again)
    assert again.post(TERMS, {**terms_accepted(), "accept": ""}).status_code == 422
    assert not is_signed_in(again)
    assert again.post(TERMS, terms_accepted())["Location"] == "/account/?from=mail"
    assert accepted(person, NoticeKind.TERMS) == [1, 2]
    assert enter(Client(), person.user_id)["Location"] == "/home/"


def test_terms_that_change_while_somebody_reads_them_are_asked_for_again(
    client: Client, person: User, staff: User
) -> None:
    publish(staff, NoticeKind.TERMS)
    enter(client, person.user_id)
    read = terms_accepted()
    assert "Be good." in words(client.get(TERMS))
    publish(staff, NoticeKind.TERMS, "And better than that.")
    response = client.post(TERMS, read)
    assert (response.status_code, "And better than that." in words(response)) == (422, True)
    assert accepted(person, NoticeKind.TERMS) == [1]
    assert client.post(TERMS, terms_accepted())["Location"] == "/home/"
    assert accepted(person, NoticeKind.TERMS) == [1, 3]


def test_everybody_can_read_the_terms_and_whoever_is_in_when_they_accepted_them(client: Client, person: User) -> None:
    page = words(client.get("/terms/"))
    assert "Your account is yours alone" in page
    assert "You accepted this version" not in page
    enter(client, person.user_id)
    page = words(client.get("/terms/"))
    assert "Your account is yours alone" in page
    assert "You accepted this version" in page
    assert 'href="/terms/"' in words(client.get("/account/"))


def test_staff_publish_the_next_version(client: Client, staff: User, person: User) -> None:
    enter(client, staff.user_id)
    assert PUBLISH_TERMS in words(client.get(LIST))
    page = client.get(PUBLISH_TERMS)
    assert in_force(NoticeKind.TERMS).text in page.context["form"]["text"].value()
    response = client.post(PUBLISH_TERMS, {"text": " Be good. \r\n\r\nAlways.\r\n", "instead_of": 1})
    assert response["Location"] == LIST
    current = in_force(NoticeKind.TERMS)
    assert (current.version, current.text, current.published_by) == (2, "Be good. \n\nAlways.", staff)
    (event,) = events("accounts.notice.publish")
    assert (event.actor_id, event.data) == (staff.id, {"notice": "terms", "version": 2})
    listed = words(client.get(LIST))
    assert "Terms of use, version 2 is in force" in listed
    assert words(client.get(f"{LIST}{current.pk}/change/")).count("Be good.") == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": " \n ", "instead_of": 1}, "Write what people are to read."),
        ({"text": "x" * 20_001, "instead_of": 1}, "Use at most 20000 characters"),
        ({"text": "a\x00b", "instead_of": 1}, "Null characters are not allowed"),
        ({"text": NEW_WORDS, "instead_of": 0}, "Somebody has published another version meanwhile"),
        ({"text": NEW_WORDS, "instead_of": ""}, "Please check what you entered"),
    ],
)
def test_what_cannot_be_published_says_why(client: Client, staff: User, typed: dict[str, Any], sentence: str) -> None:
    enter(client, staff.user_id)
    response = client.post(PUBLISH_TERMS, typed)
    assert response.status_code == 422
    assert sentence in words(response)
    assert in_force(NoticeKind.TERMS).version == 1


def test_the_same_words_are_no_new_version(client: Client, staff: User) -> None:
    enter(client, staff.user_id)
    response = client.post(PUBLISH_TERMS, {"text": in_force(NoticeKind.TERMS).text, "instead_of": 1})
    assert (response.status_code, in_force(NoticeKind.TERMS).version) == (422, 1)


def test_nobody_else_publishes(client: Client, person: User) -> None:
    enter(client, person.user_id)
    assert client.post(PUBLISH_TERMS, {"text": NEW_WORDS, "instead_of": 1}).status_code == 302
    for actor in (
        people.acting(person, seen=Actor.system("tests")),
        Actor.anonymous(ip=None, request_id="request-0001"),
    ):
        with pytest.raises(NotAllowed):
            notices.publish(actor, kind=NoticeKind.TERMS, text=NEW_WORDS, instead_of=1)
    assert in_force(NoticeKind.TERMS).version == 1


def test_no_version_is_changed_or_removed_by_hand(client: Client, staff: User) -> None:
    enter(client, staff.user_id)
    current = in_force(NoticeKind.TERMS)
    for verb in ("change", "delete"):
        response = client.post(f"{LIST}{current.pk}/{verb}/", {"text": "Less.", "post": "yes"})
        assert response.status_code == 403, verb
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}publish/nonsense/").status_code == 404
    assert in_force(NoticeKind.TERMS).text == current.text


def test_staff_find_who_accepted(client: Client, staff: User, person: User) -> None:
    enter(client, staff.user_id)
    listed = words(client.get("/admin/accounts/noticeacceptance/", {"q": person.user_id}))
    rows = listed.split("<tbody>")[1].split("</tbody>")[0]
    assert person.user_id in rows
    assert staff.user_id not in rows


def test_the_lists_cost_the_same_for_many(client: Client, staff: User, person: User) -> None:
    enter(client, staff.user_id)

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    addresses = (LIST, "/admin/accounts/noticeacceptance/")
    few = [cost(address) for address in addresses]
    for number in range(5):
        publish(staff, NoticeKind.TERMS, f"Version {number}")
    crowd = User.objects.bulk_create(User(user_id=f"m_{n:04}", email=f"m{n}@x.example") for n in range(50))
    NoticeAcceptance.objects.bulk_create(NoticeAcceptance(user=one, notice=in_force(NoticeKind.TERMS)) for one in crowd)
    assert [cost(address) for address in addresses] == few


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_looks_again(staff: User) -> None:
    actor = people.acting(staff, seen=Actor.system("tests"))

    def write(text: str) -> None:
        notices.publish(actor, kind=NoticeKind.TERMS, text=text, instead_of=1)

    outcomes = at_once([lambda: write("One."), lambda: write("Two.")])
    assert [type(outcome) for outcome in outcomes if outcome] == [Conflict]
    assert in_force(NoticeKind.TERMS).version == 2
