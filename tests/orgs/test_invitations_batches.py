"""Many invitations at once: a checked file, its preview, and one press that sends all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from core import audit
from core.errors import Conflict, NotAllowed, TooMany
from core.models import AuditEvent, Mail, Token
from core.outbox import render
from core.throttles import FailMode, Limit
from orgs.invitation_files import FaultyRows
from orgs.models import Invitation, InvitationBatch, InvitationState, Membership
from orgs.services import invitations
from orgs.services.invitations import batches, quota
from orgs.tasks import remind_of_invitations
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.partner_files import GOOD, MANY, kept, upload, words_of
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


# --- Preview and send -------------------------------------------------------------------------------------------------
def batch_of(world: World, count: int = 2, *, member: Membership | None = None) -> InvitationBatch:
    records = [
        {
            "row": n + 2, "company_name": f"C{n}", "email": f"c{n}@x.example", "first_name": "", "last_name": "",
            "external_reference": f"V-{n}", "message": "", "applications": [str(worlds.sft().pk)],
            "colleague_allowed": False, "language": "en",
        }
        for n in range(count)
    ]  # fmt: skip
    return batches.keep(worlds.acting(member or world.inviter), records=records, file_name="partners.csv")


def test_one_press_sends_all_of_it_and_a_second_nothing_more(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)
    preview = upload(browser, GOOD).headers["Location"]
    assert "2 companies of “partners.csv” are ready to be invited. Nothing was sent yet." in words_of(
        browser.get(preview)
    )
    assert not Mail.objects.exists()

    answers = [browser.post(preview) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    sent = Invitation.objects.order_by("email")
    assert [(row.email, row.state, row.invited_by) for row in sent] == [
        ("a@alloys.example", InvitationState.SENT, world.inviter),
        ("kim@newco.example", InvitationState.SENT, world.inviter),
    ]
    mails = worlds.mails("invitation")
    assert {mail.about for mail in mails} == {row.pk for row in sent}
    for row in sent:
        assert [application.code for application in row.applications.all()] == ["sft"]
        [mail] = [mail for mail in mails if mail.about == row.pk]
        assert f"/invitation/{worlds.secret_of(row)}/" in render(mail).text
        assert Client().get(f"/invitation/{worlds.secret_of(row)}/").status_code == 200
    events = AuditEvent.objects.filter(action="orgs.invitation.send", organization_id=world.aurora.pk)
    assert {event.target_id for event in events} == {str(row.pk) for row in sent}
    assert kept().records == []
    assert "were sent" in words_of(browser.get(preview))


def test_what_changed_since_the_preview_stops_all_of_it_and_keeps_the_file(
    world: World, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.inviter)
    preview = upload(browser, GOOD).headers["Location"]
    worlds.invite(world)

    answer = browser.post(preview)

    assert answer.status_code == 422
    assert "There is an open invitation to this address already" in words_of(answer)
    assert Invitation.objects.count() == 1
    assert "ready to be invited" in words_of(browser.get(preview))


def test_a_failure_on_the_way_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = batch_of(world)
    monkeypatch.setattr("core.outbox.post_many", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        batches.send(worlds.acting(world.inviter), batch)

    assert not Invitation.objects.exists()
    assert not Token.objects.exists()
    assert not AuditEvent.objects.filter(action="orgs.invitation.send").exists()
    batch.refresh_from_db()
    assert (batch.sent_at, len(batch.records)) == (None, 2)


@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_the_same_moment_send_once(world: World) -> None:
    batch, actor = batch_of(world, 20), worlds.acting(world.inviter)

    assert at_once([lambda: batches.send(actor, batch)] * 10) == [None] * 10

    assert Invitation.objects.count() == len(worlds.mails("invitation")) == 20


@pytest.mark.django_db(transaction=True)
def test_two_files_with_the_same_addresses_at_the_same_moment_are_one(world: World) -> None:
    first, second = batch_of(world, 20), batch_of(world, 20, member=world.approver)

    answers = at_once(
        [
            lambda: batches.send(worlds.acting(world.inviter), first),
            lambda: batches.send(worlds.acting(world.approver), second),
        ]
    )

    assert Invitation.objects.count() == 20
    [refusal] = [answer for answer in answers if answer]
    assert isinstance(refusal, (FaultyRows, Conflict))
    assert audit.verify().faults == ()


def test_the_days_limit_is_checked_for_the_whole_file(
    world: World, browser_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(world, 3)
    monkeypatch.setattr(quota, "MAILS_A_DAY", Limit("invitation mails in a test", "2/day", FailMode.OPEN))
    browser = browser_of(world.inviter)

    refused = browser.post(f"{MANY}{batch.pk}/")
    assert refused.status_code == 429
    assert "2 are left for today, and these are 3" in words_of(refused)
    assert not Invitation.objects.exists()
    early = upload(browser, f"{GOOD}Third,t@t.example\n")
    assert (early.status_code, "these are 3" in words_of(early)) == (429, True)
    with pytest.raises(TooMany):
        batches.send(worlds.acting(world.inviter), batch)

    assert upload(browser, GOOD).status_code == 302


# --- Whose file it is, and for how long -------------------------------------------------------------------------------
def test_a_file_is_seen_and_sent_by_who_checked_it(world: World, browser_of: Callable[..., Client]) -> None:
    url = f"{MANY}{batch_of(world).pk}/"

    assert browser_of(world.inviter).get(url).status_code == 200
    for stranger in (world.approver, world.stranger, world.staff):
        assert {browser_of(stranger).get(url).status_code, browser_of(stranger).post(url).status_code} == {404}
    assert not Invitation.objects.exists()


def test_who_may_not_invite_sends_no_file(world: World, browser_of: Callable[..., Client]) -> None:
    assert browser_of(world.employee).get(MANY).status_code == 403
    assert upload(browser_of(world.employee), GOOD).status_code == 403
    with pytest.raises(NotAllowed):
        batch_of(world, member=world.employee)


def test_the_right_to_invite_may_end_between_preview_and_press(world: World, browser_of: Callable[..., Client]) -> None:
    entitled = worlds.member(world.aurora, "Ines", can_invite=True)
    batch = batch_of(world, member=entitled)
    Membership.objects.filter(pk=entitled.pk).update(can_invite=False)

    assert browser_of(entitled).post(f"{MANY}{batch.pk}/").status_code == 403
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(("late", "status"), [(-1, 200), (0, 404), (1, 404)])
def test_a_file_is_kept_for_a_day(world: World, browser_of: Callable[..., Client], late: int, status: int) -> None:
    batch = batch_of(world)

    with time_machine.travel(batch.expires_at + timedelta(seconds=late), tick=False):
        assert browser_of(world.inviter).get(f"{MANY}{batch.pk}/").status_code == status
        remind_of_invitations()

    assert InvitationBatch.objects.exists() is (status == 200)
    assert timedelta(days=1) == settings.INVITATION_FILE_KEPT


def test_only_the_newest_files_of_one_member_are_kept(world: World) -> None:
    made = [batch_of(world).pk for _ in range(batches.KEPT_FOR_ONE + 1)]

    assert set(InvitationBatch.objects.values_list("pk", flat=True)) == set(made[1:])


def test_the_preview_of_a_long_file_has_pages(world: World, browser_of: Callable[..., Client]) -> None:
    batch, browser = batch_of(world, 250), browser_of(world.inviter)

    pages = [browser.get(f"{MANY}{batch.pk}/", {"from": start}) for start in ("", "200", "250", "-1", "x", "9" * 30)]

    assert [len(page.context["rows"]) for page in pages] == [100, 50, 100, 100, 100, 100]
    assert "Companies 201 to 250 of 250" in words_of(pages[1])


def test_an_invitation_of_a_file_is_like_any_other(world: World) -> None:
    actor = worlds.acting(world.inviter)
    batches.send(actor, batch_of(world, 1))
    invitation = Invitation.objects.get()

    again = invitations.resend(actor, invitation)

    assert again.state == InvitationState.SENT
    assert invitations.revoke(actor, again).state == InvitationState.REVOKED
