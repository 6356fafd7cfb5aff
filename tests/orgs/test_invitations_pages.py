"""Administration → Invitations: inviting, the list with its search and filters, one invitation, the export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.models import AuditEvent
from orgs.models import Invitation
from orgs.services import invitations
from orgs.tasks import expire_due
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
LIST = "/administration/invitations/"


def test_the_form_invites_and_the_list_shows_it(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)
    data = {"company_name": "Newco", "email": "kim@newco.example", "applications": [str(worlds.sft().pk)]}

    page = browser.post("/administration/invitations/new/", data, follow=True).content.decode()

    assert "Your invitation to Newco is on its way to kim@newco.example." in page
    assert "kim@newco.example" in browser.get("/administration/invitations/").content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"company_name": ""}, "Enter the name of the company you invite."),
        ({"email": "kim"}, "This is no e-mail address."),
        ({"applications": []}, "Choose at least one application to use together."),
        ({"message": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_the_form_says_what_is_missing_and_keeps_the_rest(
    world: World, browser_of: Callable[..., Client], changes: dict[str, object], sentence: str
) -> None:
    data = {"company_name": "Newco", "email": "kim@newco.example", "applications": [str(worlds.sft().pk)], **changes}

    answer = browser_of(world.inviter).post("/administration/invitations/new/", data)
    page = answer.content.decode()

    assert answer.status_code == 422

    assert sentence in page
    assert "Newco" in page or "kim@newco.example" in page
    assert not Invitation.objects.exists()


def test_resend_and_revoke_from_the_list(world: World, browser_of: Callable[..., Client]) -> None:
    invitation, browser = worlds.invite(world), browser_of(world.inviter)

    resent = browser.post(f"/administration/invitations/{invitation.pk}/resend/", follow=True)
    revoked = browser.post(f"/administration/invitations/{invitation.pk}/revoke/", follow=True)

    assert "A new link is on its way" in resent.content.decode()
    assert "is revoked. Its link no longer works." in revoked.content.decode()
    assert browser.get(f"/administration/invitations/{invitation.pk}/revoke/").status_code == 405


def test_a_member_with_the_right_sees_their_own_invitations_only(
    world: World, browser_of: Callable[..., Client]
) -> None:
    entitled = worlds.member(world.aurora, "Ines", can_invite=True)
    others = worlds.invite(world)
    invitations.create(worlds.acting(entitled), company_name="Own Ltd", email="own@own.example")
    browser = browser_of(entitled)

    page = browser.get("/administration/", follow=True).content.decode()

    assert "Own Ltd" in page
    assert "Newco Metals" not in page
    assert browser.post(f"/administration/invitations/{others.pk}/revoke/").status_code == 404


def test_roles_decide_who_sees_the_section(world: World, browser_of: Callable[..., Client]) -> None:
    answers = {
        name: browser_of(getattr(world, name)).get("/administration/invitations/").status_code
        for name in ("inviter", "approver", "employee")
    }

    assert answers == {"inviter": 200, "approver": 200, "employee": 403}


# --- The list ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def many(world: World) -> dict[str, Invitation]:
    """Three invitations that differ in everything that can be searched for."""
    actor = worlds.acting(world.inviter)
    colleague = worlds.member(world.aurora, "Ines", can_invite=True)
    return {
        "newco": worlds.invite(world),
        "alloys": invitations.create(
            actor, company_name="Nordic Alloys", email="a@alloys.example", first_name="Astrid", last_name="Lund",
            external_reference="V-4711", applications=[worlds.sft()],
        ),
        "revoked": invitations.revoke(actor, invitations.create(actor, company_name="Gone Ltd", email="g@gone.example")),
        "colleague": invitations.create(worlds.acting(colleague), company_name="Ines Co", email="i@ines.example"),
    }  # fmt: skip


def listed(browser: Client, **asked: str) -> set[str]:
    page = browser.get(LIST, asked).context["page"]
    return {invitation.company_name for invitation in page.rows}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("nordic", {"Nordic Alloys"}),
        ("alloys.example", {"Nordic Alloys"}),
        ("Lund astrid", {"Nordic Alloys"}),
        ("v-4711", {"Nordic Alloys"}),
        ("example nothing", set()),
        ("%_", set()),
    ],
)
def test_search_finds_company_person_address_and_reference(
    world: World, many: dict[str, Invitation], browser_of: Callable[..., Client], search: str, found: set[str]
) -> None:
    assert listed(browser_of(world.inviter), q=search) == found


def test_filters_narrow_the_list(world: World, many: dict[str, Invitation], browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)

    assert listed(browser, state="revoked") == {"Gone Ltd"}
    assert listed(browser, inviter=str(many["colleague"].invited_by_id)) == {"Ines Co"}
    assert listed(browser, application=str(worlds.sft().pk)) == {"Newco Metals", "Nordic Alloys"}
    assert listed(browser, state="sent", q="example", inviter=str(world.inviter.pk)) == {
        "Newco Metals",
        "Nordic Alloys",
    }


@pytest.mark.parametrize(
    "asked", [{"state": "x"}, {"inviter": "x"}, {"application": "x"}, {"after": "x"}, {"q": "x" * 5000}]
)
def test_a_filter_that_makes_no_sense_breaks_nothing(
    world: World, many: dict[str, Invitation], browser_of: Callable[..., Client], asked: dict[str, str]
) -> None:
    assert browser_of(world.inviter).get(LIST, asked).status_code == 200


def test_what_staff_sent_for_the_organisation_is_in_its_list(world: World, browser_of: Callable[..., Client]) -> None:
    invitations.create(world.operator, organization=world.aurora, company_name="By Staff", email="s@s.example")
    worlds.invite(world)
    browser = browser_of(world.inviter)

    assert listed(browser, inviter="operator") == {"By Staff"}
    assert "Exostar" in browser.get(LIST).content.decode()


def test_the_list_teaches_when_it_is_empty_and_when_nothing_is_found(
    world: World, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.inviter)
    assert "No invitations yet" in browser.get(LIST).content.decode()
    worlds.invite(world)

    page = browser.get(LIST, {"q": "nobody"}).content.decode()

    assert "No invitation found" in page
    assert "Show all invitations" in page


# --- One invitation ---------------------------------------------------------------------------------------------------
def page_of(browser: Client, invitation: Invitation) -> str:
    answer = browser.get(f"{LIST}{invitation.pk}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_says_who_acts_next_at_every_stage(
    world: World, registrant: Registrant, browser_of: Callable[..., Client]
) -> None:
    invitation, browser = worlds.invite(world), browser_of(world.inviter)
    assert "<strong>Kim Novak</strong> opens the link and registers" in page_of(browser, invitation)

    registrant.begin(f"/invitation/{worlds.secret_of(invitation)}/")
    assert "<strong>Kim Novak</strong> completes the registration" in page_of(browser, invitation)

    for step in (
        registrant.welcome,
        registrant.profile,
        registrant.select_oneself,
        registrant.one_time_password,
        registrant.select_application_administrators,
        registrant.submit,
    ):
        assert step().status_code == 302
    page = page_of(browser, invitation)
    assert "<strong>Exostar</strong> decides on the registration." in page
    for action in ("extend", "resend", "revoke"):
        assert browser.post(f"{LIST}{invitation.pk}/{action}/").status_code == 409


def test_the_page_tells_history_mails_and_why_one_came_back(world: World, browser_of: Callable[..., Client]) -> None:
    invitation, browser = worlds.invite(world), browser_of(world.inviter)
    worlds.come_back(invitation, "550 5.1.1 No such user")

    page = page_of(browser, invitation)

    for words in (
        "Mail came back",
        "550 5.1.1 No such user",
        "came back:",
        "<strong>you</strong> check the address",
        "Sent",
    ):
        assert words in page
    again = browser.get("/administration/invitations/new/", {"like": str(invitation.pk)}).content.decode()
    assert 'value="Newco Metals"' in again
    assert "kim@newco.example" not in again


def test_an_expired_invitation_is_shown_as_such_before_the_sweep_has_run(
    world: World, browser_of: Callable[..., Client]
) -> None:
    invitation = worlds.invite(world)
    with time_machine.travel(invitation.expires_at + timedelta(seconds=1), tick=False):
        browser = browser_of(world.inviter)
        before = page_of(browser, invitation)
        expire_due()
        after = page_of(browser, invitation)

    for page in (before, after):
        assert "Expired" in page
        assert "<strong>you</strong> resend the invitation" in page


def test_extending_from_the_page(world: World, browser_of: Callable[..., Client]) -> None:
    invitation, browser = worlds.invite(world), browser_of(world.inviter)

    page = browser.post(f"{LIST}{invitation.pk}/extend/", follow=True).content.decode()

    assert "is good for the full time again" in page
    assert "Extended" in page


# --- The export -------------------------------------------------------------------------------------------------------
def test_the_export_has_what_the_list_shows_and_computes_nothing(
    world: World, many: dict[str, Invitation], browser_of: Callable[..., Client]
) -> None:
    actor = worlds.acting(world.inviter)
    for number, name in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1")):
        Invitation.objects.filter(pk=many["newco"].pk).update(company_name=name)
        answer = browser_of(world.inviter).post(f"{LIST}export/?state=sent")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert f""""'{name}",""" in text, number
    # Every cell is quoted: in half of Europe a semicolon would begin another one.
    row = (
        "Nordic Alloys",
        "Astrid",
        "Lund",
        "a@alloys.example",
        "V-4711",
        "Secure File Transfer",
        "no",
        "Sent",
        "Olivia Baker",
    )
    assert ",".join(f'"{cell}"' for cell in row) in text
    assert "Gone Ltd" not in text
    assert text.count("\r\n") == 4
    event = AuditEvent.objects.filter(action="orgs.invitation.export").latest("at")
    assert (event.organization_id, event.data) == (actor.organization_id, {"count": 3, "asked": "state=sent"})


def test_the_export_is_the_actors_own(
    world: World, many: dict[str, Invitation], browser_of: Callable[..., Client]
) -> None:
    entitled = many["colleague"].invited_by

    def exported(who: Any) -> str:
        answer = browser_of(who).post(f"{LIST}export/")
        return b"".join(answer.streaming_content).decode() if answer.status_code == 200 else str(answer.status_code)  # type: ignore[attr-defined]

    assert "Newco" not in exported(entitled)
    assert "Ines Co" in exported(entitled)
    assert "Newco" not in exported(world.stranger)
    assert exported(world.employee) == "403"
    assert exported(world.staff) == "404"
