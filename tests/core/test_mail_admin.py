"""What operator staff see and do with mails: dead letters, bounces and the suppression list."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core import back_office, outbox
from core.actor import Actor
from core.models import AuditEvent, Mail, MailState, Suppression, SuppressionReason
from core.outbox import suppression

pytestmark = pytest.mark.django_db
TO = "partner@example.com"


def a_mail(state: MailState, **fields: object) -> Mail:
    return Mail.objects.create(template="orgs/mail/invitation", to=TO, state=state, **fields)


def page_of(client: Client, mail: Mail) -> str:
    answer = client.get(f"/admin/core/mail/{mail.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_dead_letter_is_counted_shown_with_its_reason_and_sent_again_from_its_page(
    client: Client, clerk: User
) -> None:
    mail = a_mail(MailState.FAILED, last_error="550 5.7.1 Policy", attempts=1)
    assert {entry.label: entry.count for entry in back_office.waiting(Actor.system("test"))}["Mails that failed"] == 1
    assert "550 5.7.1 Policy" in client.get("/admin/core/mail/?state__exact=failed").content.decode()
    assert f"/admin/core/mail/{mail.pk}/resend/" in page_of(client, mail)
    url = f"/admin/core/mail/{mail.pk}/resend/"
    assert client.get(url).status_code == 200
    assert Mail.objects.get().state == MailState.FAILED
    answer = client.post(url, follow=True)
    assert "queued again" in answer.content.decode()
    assert (Mail.objects.get().state, Mail.objects.get().attempts) == (MailState.QUEUED, 0)
    assert AuditEvent.objects.get(action="core.mail.resend").actor_id == clerk.pk


@pytest.mark.parametrize(
    ("action", "state", "becomes"),
    [
        ("resend", MailState.FAILED, MailState.QUEUED),
        ("resend", MailState.SUPPRESSED, MailState.QUEUED),
        ("resend", MailState.SENT, MailState.SENT),
        ("let_go", MailState.FAILED, MailState.SUPPRESSED),
        ("let_go", MailState.QUEUED, MailState.QUEUED),
    ],
)
def test_many_at_once(client: Client, clerk: User, action: str, state: MailState, becomes: MailState) -> None:
    mail = a_mail(state, **({"sent_at": "2026-01-01T00:00Z"} if state == MailState.SENT else {}))
    answer = client.post("/admin/core/mail/", {"action": action, "_selected_action": [str(mail.pk)]})
    assert answer.status_code == 302
    assert Mail.objects.get().state == becomes


def test_a_bounce_is_recorded_by_hand_with_its_reason(client: Client, clerk: User) -> None:
    mail = a_mail(MailState.SENT, sent_at="2026-01-01T00:00Z")
    url = f"/admin/core/mail/{mail.pk}/bounce/"
    assert url in page_of(client, mail)
    assert "This field is required" in client.post(url, {"reason": ""}).content.decode()
    assert not Suppression.objects.exists()
    client.post(url, {"reason": "They phoned: nobody of that name", "suppress": "on"})
    page = page_of(client, mail)
    assert "They phoned" in page
    assert url not in page
    assert "suppression list" in page
    assert Suppression.objects.get().added_by == clerk.user_id
    assert "They phoned" in client.get("/admin/core/suppression/").content.decode()
    assert TO in client.get("/admin/core/mail/?fate=bounced").content.decode()


def test_a_bounce_by_hand_may_leave_the_address_alone(client: Client, clerk: User) -> None:
    mail = a_mail(MailState.SENT, sent_at="2026-01-01T00:00Z")
    client.post(f"/admin/core/mail/{mail.pk}/bounce/", {"reason": "Full"})
    assert Mail.objects.get().bounce_reason == "Full"
    assert not Suppression.objects.exists()


def test_a_suppressed_mail_offers_no_resend_while_its_address_is_on_the_list(client: Client, clerk: User) -> None:
    mail = a_mail(MailState.SUPPRESSED)
    entry = suppression.add(Actor.system("test"), address=TO, reason=SuppressionReason.BOUNCED)
    assert f"/admin/core/mail/{mail.pk}/resend/" not in page_of(client, mail)
    assert (
        "Take it off the list first" in client.post(f"/admin/core/mail/{mail.pk}/resend/", follow=True).content.decode()
    )
    client.post(f"/admin/core/suppression/{entry.pk}/delete/", {"post": "yes"})
    assert not Suppression.objects.exists()
    assert f"/admin/core/mail/{mail.pk}/resend/" in page_of(client, mail)


def test_staff_put_addresses_on_the_list_once_and_the_trail_says_who(client: Client, clerk: User) -> None:
    form = {"address": "Old.Partner@Example.com", "note": "Asked us to"}
    assert client.post("/admin/core/suppression/add/", form).status_code == 302
    assert "already exists" in client.post("/admin/core/suppression/add/", form).content.decode()
    entry = Suppression.objects.get()
    assert (entry.address, entry.reason, entry.note) == ("old.partner@example.com", "by_hand", "Asked us to")
    assert AuditEvent.objects.get(action="core.suppression.add").actor_id == clerk.pk
    page = client.get(f"/admin/core/suppression/{entry.pk}/change/").content.decode()
    assert "Put here by hand" in page
    selected = {"action": "delete_selected", "_selected_action": [str(entry.pk)], "post": "yes"}
    client.post("/admin/core/suppression/", selected)
    assert not Suppression.objects.exists()
    assert AuditEvent.objects.get(action="core.suppression.lift").data["address"] == "old.partner@example.com"


def test_what_may_have_been_sent_twice_can_be_found(client: Client, clerk: User) -> None:
    a_mail(MailState.QUEUED, doubts=1)
    Mail.objects.create(template="orgs/mail/invitation", to="other@example.com")
    page = client.get("/admin/core/mail/?fate=doubted").content.decode()
    assert TO in page
    assert "other@example.com" not in page


def test_the_list_costs_the_same_however_long_it_is(client: Client, clerk: User) -> None:
    counts = []
    for number in (2, 30):
        Mail.objects.bulk_create(Mail(template="orgs/mail/invitation", to=f"a{n}@x.example") for n in range(number))
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/admin/core/mail/?template=orgs/mail/invitation").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "DISTINCT" not in " ".join(
        query["sql"] for query in queries if '"template"' in query["sql"].partition("FROM")[0]
    )


@pytest.mark.parametrize("door", ["mail/{pk}/resend/", "mail/{pk}/bounce/", "suppression/add/"])
def test_nobody_else_comes_through(client: Client, door: str) -> None:
    mail = a_mail(MailState.FAILED)
    answer = client.post(f"/admin/core/{door.format(pk=mail.pk)}", {"reason": "x", "address": TO})
    assert answer.status_code == 302
    assert "/sign-in/" in answer["Location"] or "/admin/login/" in answer["Location"]
    assert Mail.objects.get().state == MailState.FAILED
    assert not Suppression.objects.exists()


def test_a_dead_letter_let_go_can_still_be_resent() -> None:
    mail = a_mail(MailState.FAILED, last_error="550 No")
    outbox.let_go(Actor.system("test"), mail)
    assert Mail.objects.get().last_error == "550 No"
    outbox.resend(Actor.system("test"), mail)
    assert Mail.objects.get().state == MailState.QUEUED
