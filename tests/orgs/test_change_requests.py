"""Changes of an active organisation: at once where nobody has to check them, through the operator where somebody has."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent
from core.outbox import render
from orgs.models import ChangeRequest, ChangeRequestState, Membership, Organization, Role
from orgs.services import actors, change_decisions, change_requests, profiles
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.changes import WHY, ask_for, change_profile, edit, profile_of, replace
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


# --- The profile --------------------------------------------------------------------------------------------------
def test_what_nobody_has_to_check_holds_at_once_and_is_audited_with_old_and_new(world: World) -> None:
    edited = edit(world, website="https://aurora.example", business_type="llc")

    world.aurora.refresh_from_db()
    assert (edited.request, world.aurora.website) == (None, "https://aurora.example")
    event = AuditEvent.objects.get(action="orgs.organization.edit")
    assert event.organization_id == world.aurora.pk
    assert event.data["changes"] == {
        "website": {"from": "", "to": "https://aurora.example"},
        "business_type": {"from": "", "to": "llc"},
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("legal_name", "Aurora Space"),
        ("country", "DE"),
        ("address_line_1", "2 High Road"),
        ("address_line_2", "Floor 3"),
        ("city", "York"),
        ("region", "Kansas"),
        ("postal_code", "67203"),
        ("email_domains", ["aurora.example"]),
        ("uei", "ZQGGHJH74DW7"),
        ("cage", "1ABC2"),
        ("duns", "123456789"),
        ("tax_id", "12-3456789"),
    ],
)
def test_what_the_operator_has_checked_waits_with_the_changed_field_only(world: World, field: str, value: Any) -> None:
    before = profile_of(world.aurora)

    edited = edit(world, **{field: value})

    world.aurora.refresh_from_db()
    assert profile_of(world.aurora) == before
    assert edited.written == ()
    assert edited.request is not None
    assert list(edited.request.profile) == [field]
    assert edited.request.profile[field]["to"] == value
    assert edited.request.requested_by == world.inviter


def test_a_phone_of_another_country_waits_with_the_country(world: World) -> None:
    edited = edit(world, country="DE", phone="+494036660123")

    assert edited.request is not None
    assert (edited.written, set(edited.request.profile)) == ((), {"country", "phone"})


def test_one_edit_may_do_both(world: World) -> None:
    edited = edit(world, city="York", doing_business_as="Aurora")

    assert edited.written == ("doing_business_as",)
    assert edited.request is not None
    assert set(edited.request.profile) == {"city"}


def test_without_a_reason_nothing_of_a_sensitive_edit_is_done(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        edit(world, city="York", doing_business_as="Aurora", message=" ")

    world.aurora.refresh_from_db()
    assert "message" in refusal.value.fields
    assert world.aurora.doing_business_as == ""
    assert not ChangeRequest.objects.exists()


def test_asking_again_replaces_what_waits(world: World) -> None:
    first = change_profile(world, city="York")

    second = change_profile(world, city="Leeds")

    first.refresh_from_db()
    assert (first.state, second.state) == (ChangeRequestState.WITHDRAWN, ChangeRequestState.REQUESTED)
    with pytest.raises(Conflict, match="Withdrawn"):
        change_decisions.approve(world.operator, first)


def test_asking_for_the_same_again_changes_nothing(world: World) -> None:
    first = change_profile(world, city="York")

    assert change_profile(world, city="York") == first
    assert ChangeRequest.objects.count() == 1
    assert len(worlds.mails("change_waiting")) == 1


def test_asking_for_nothing_any_more_withdraws(world: World) -> None:
    change = change_profile(world, city="York")

    edited = edit(world)

    change.refresh_from_db()
    assert (edited.request, change.state) == (None, ChangeRequestState.WITHDRAWN)


def test_an_edit_of_what_somebody_else_changed_meanwhile_is_refused(world: World) -> None:
    seen = profiles.version(world.aurora)
    edit(world, website="https://aurora.example")

    with pytest.raises(Conflict, match="Somebody else changed the profile"):
        edit(world, doing_business_as="Aurora", seen=seen)

    assert edit(world, doing_business_as="Aurora", seen=profiles.version(world.reloaded())).written


def test_administrators_and_staff_are_told(world: World) -> None:
    worlds.member(world.aurora, "Second", Role.OA)

    change = change_profile(world, city="York")

    received, waiting = worlds.mails("change_received"), worlds.mails("change_waiting")
    assert len(received) == 2
    assert [mail.to for mail in waiting] == [world.staff.email]
    assert f"/admin/orgs/changerequest/{change.pk}/change/" in render(waiting[0]).text
    assert "York" in render(received[0]).text
    assert WHY in render(received[0]).text


def test_it_is_due_in_business_days(world: World) -> None:
    change = change_profile(world, city="York")

    assert change.due_at > timezone.now()
    assert change.due_at.weekday() < 5


# --- Who may ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["employee", "approver", "stranger"])
def test_others_neither_edit_nor_ask_nor_withdraw(world: World, who: str) -> None:
    actor, change = worlds.acting(getattr(world, who)), change_profile(world, city="York")

    with pytest.raises(NotAllowed):
        edit(world, actor=actor, website="https://x.example")
    with pytest.raises(NotAllowed):
        ask_for(world, actor=actor, appoint=[world.employee])
    with pytest.raises(NotAllowed):
        change_requests.withdraw(actor, change)
    change_requests.withdraw(worlds.acting(world.inviter), change)


@pytest.mark.parametrize("who", ["employee", "approver", "inviter", "stranger"])
def test_members_decide_nothing(world: World, who: str) -> None:
    actor, change = worlds.acting(getattr(world, who)), change_profile(world, city="York")

    for decide in (change_decisions.approve, change_requests.claim, change_requests.release):
        with pytest.raises(NotAllowed):
            decide(actor, change)
    with pytest.raises(NotAllowed):
        change_decisions.deny(actor, change, reason="No.")
    assert change_decisions.approve(world.operator, change).state == ChangeRequestState.APPROVED


def test_staff_with_a_membership_in_the_organisation_do_not_decide_on_it(world: World) -> None:
    change = change_profile(world, city="York")
    Membership.objects.create(user=world.staff, organization=world.aurora)

    with pytest.raises(NotAllowed, match="You are a member"):
        change_decisions.approve(world.operator, change)


def test_staff_withdraw_their_own_requests_and_no_others(world: World) -> None:
    theirs, own = change_profile(world, city="York"), replace(world)

    with pytest.raises(NotAllowed):
        change_requests.withdraw(world.operator, theirs)
    with pytest.raises(NotAllowed):
        change_requests.withdraw(worlds.acting(world.inviter), own)
    assert change_requests.withdraw(world.operator, own).state == ChangeRequestState.WITHDRAWN


# --- The decision -------------------------------------------------------------------------------------------------
def test_approving_writes_the_fields_and_the_key_of_the_name_in_one_go(world: World) -> None:
    change = change_profile(world, legal_name="Borealis Aerospace Ltd", email_domains=["borealis.example"])

    change_decisions.approve(world.operator, change)

    organization = world.reloaded()
    assert (organization.legal_name, organization.name_key) == ("Borealis Aerospace Ltd", "borealis aerospace")
    assert organization.email_domains == ["borealis.example"]
    event = AuditEvent.objects.get(action="orgs.organization.edit")
    assert event.data["changes"]["legal_name"] == {"from": "Aurora Aerospace & Sons", "to": "Borealis Aerospace Ltd"}
    assert "Borealis Aerospace Ltd" in render(worlds.mails("change_approved")[0]).text


def test_denying_needs_a_reason_which_the_administrators_read(world: World) -> None:
    change = change_profile(world, city="York")

    with pytest.raises(Invalid) as refusal:
        change_decisions.deny(world.operator, change, reason=" ")
    assert "reason" in refusal.value.fields
    change_decisions.deny(world.operator, change, reason="The register says otherwise.")

    assert world.reloaded().city == ""
    assert "The register says otherwise." in render(worlds.mails("change_denied")[0]).text


def test_a_decision_is_made_once(world: World) -> None:
    change = change_profile(world, city="York")
    change_decisions.approve(world.operator, change)

    with pytest.raises(Conflict):
        change_decisions.approve(world.operator, change)
    with pytest.raises(Conflict):
        change_decisions.deny(world.operator, change, reason="Too late.")
    with pytest.raises(Conflict):
        change_requests.withdraw(worlds.acting(world.inviter), change)
    assert len(worlds.mails("change_approved")) == 1


def test_what_no_longer_fits_is_not_approved_and_can_be_denied(world: World) -> None:
    change = change_profile(world, city="York", uei="ZQGGHJH74DW7")
    Organization.objects.filter(pk=world.aurora.pk).update(city="Leeds")

    with pytest.raises(Conflict, match="“City” has changed since this was asked for: it was “–” and is now “Leeds”"):
        change_decisions.approve(world.operator, change)

    assert world.reloaded().uei == ""
    change.refresh_from_db()
    assert change.state == ChangeRequestState.REQUESTED
    change_decisions.deny(world.operator, change, reason="Ask again, please.")


def test_nothing_of_a_suspended_organisation_is_approved(world: World) -> None:
    change = change_profile(world, city="York")
    Organization.objects.filter(pk=world.aurora.pk).update(state="suspended")

    with pytest.raises(Conflict, match="suspended"):
        change_decisions.approve(world.operator, change)


def test_claiming_and_releasing(world: World) -> None:
    change = change_profile(world, city="York")
    tess = actors.of_user(worlds.user("Tess", staff=True))

    change_requests.claim(world.operator, change)
    with pytest.raises(Conflict, match="Sam Baker has claimed this"):
        change_requests.claim(tess, change)
    with pytest.raises(Conflict):
        change_requests.release(tess, change)
    assert change_requests.claim(tess, change, force=True).assigned_to_id == tess.user_id
    assert change_requests.release(tess, change).assigned_to is None


@pytest.mark.django_db(transaction=True)
def test_decisions_and_a_withdrawal_at_once_are_one(world: World) -> None:
    change = change_profile(world, city="York")
    tess, oa = actors.of_user(worlds.user("Tess", staff=True)), worlds.acting(world.inviter)

    outcomes = at_once(
        [
            lambda: change_decisions.approve(world.operator, change),
            lambda: change_decisions.approve(tess, change),
            lambda: change_decisions.deny(tess, change, reason="No."),
            lambda: change_requests.withdraw(oa, change),
        ]
        * 3
    )

    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, Conflict) for outcome in outcomes if outcome)
    decided = len(worlds.mails("change_approved")) + len(worlds.mails("change_denied"))
    change.refresh_from_db()
    assert decided == (0 if change.state == ChangeRequestState.WITHDRAWN else 1)
    assert (world.reloaded().city == "York") == (change.state == ChangeRequestState.APPROVED)


@pytest.mark.django_db(transaction=True)
def test_two_edits_at_once_leave_one_request(world: World) -> None:
    worlds.member(world.aurora, "Second", Role.OA)

    outcomes = at_once([partial(change_profile, world, city=city) for city in ("York", "Leeds", "Hull", "Bath")])

    assert outcomes == [None] * 4
    assert ChangeRequest.objects.filter(state=ChangeRequestState.REQUESTED).count() == 1
    assert ChangeRequest.objects.filter(state=ChangeRequestState.WITHDRAWN).count() == 3
