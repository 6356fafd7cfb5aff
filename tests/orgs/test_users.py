"""Users of an organisation, as its OA makes and looks after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import OneTimePassword, User, UserState
from accounts.services import one_time_passwords
from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent
from core.outbox import render
from orgs.models import Membership, MembershipState, Role
from orgs.services import actors, memberships, users
from orgs.services.sign_in import FirstLoginNotice, MembersOnly
from tests.orgs import world as worlds
from tests.orgs.world import ONE_TIME_PASSWORD, World
from tests.signing_in import fresh

pytestmark = pytest.mark.django_db

TESS: dict[str, Any] = {"first_name": "Tess", "last_name": "Moor", "email": "tess@aurora.example", "phone": ""}


def add(world: World, **changes: Any) -> users.HandOver:
    data = {**TESS, "one_time_password": ONE_TIME_PASSWORD, **changes}
    return users.add(worlds.acting(world.inviter), **data)


# --- Adding -------------------------------------------------------------------------------------------------------
def test_adding_makes_a_user_a_member_and_a_one_time_password(world: World) -> None:
    made = add(world)

    user = made.membership.user
    assert (user.state, made.membership.organization, made.one_time_password) == (
        UserState.INVITED,
        world.aurora,
        ONE_TIME_PASSWORD,
    )
    assert one_time_passwords.verify(worlds.VISITOR, user=user, secret=ONE_TIME_PASSWORD).user == user


def test_the_mail_has_the_user_id_and_the_way_in_but_never_the_secret(world: World) -> None:
    made = add(world)

    [mail] = worlds.mails("activate_account")
    rendered = render(mail)
    assert mail.to == "tess@aurora.example"
    assert made.membership.user.user_id in rendered.text
    assert "/first-time-login/" in rendered.text
    assert "Olivia Baker" in rendered.text
    assert ONE_TIME_PASSWORD not in rendered.text + rendered.html + str(mail.context)


def test_a_secret_is_generated_where_none_is_typed(world: World) -> None:
    made = add(world, one_time_password=None)

    assert len(made.one_time_password.replace("-", "")) == 16
    user = made.membership.user
    assert one_time_passwords.verify(worlds.VISITOR, user=user, secret=made.one_time_password).user == user


def test_no_audit_event_holds_the_secret(world: World) -> None:
    add(world)

    assert ONE_TIME_PASSWORD not in "".join(str(event.data) + event.reason for event in AuditEvent.objects.all())


@pytest.mark.parametrize("who", ["approver", "employee"])
def test_only_the_organization_administrator_adds_users(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        users.add(worlds.acting(getattr(world, who)), **TESS)


def test_a_weak_secret_makes_no_user(world: World) -> None:
    with pytest.raises(Invalid):
        add(world, one_time_password="short")

    assert not User.objects.filter(email="tess@aurora.example").exists()


@pytest.mark.parametrize(("name", "sentence"), [("employee", "is already a user"), ("stranger", "cannot be added")])
def test_an_address_that_is_known_is_refused(world: World, name: str, sentence: str) -> None:
    known: Membership = getattr(world, name)

    with pytest.raises(Invalid) as refusal:
        add(world, email=known.user.email.upper())

    assert sentence in refusal.value.fields["email"]
    assert known.user.user_id not in refusal.value.fields["email"]


def test_the_page_hands_over_once(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)

    response = browser.post("/administration/users/add/", {**TESS, "one_time_password": ONE_TIME_PASSWORD})
    page = response.headers["Location"]
    first, again = browser.get(page).content.decode(), browser.get(page).content.decode()

    user = User.objects.get(email="tess@aurora.example")
    assert user.user_id in first
    assert ONE_TIME_PASSWORD in first
    assert user.user_id in again
    assert ONE_TIME_PASSWORD not in again
    assert "was shown once" in again


def test_the_secret_travels_in_a_cookie_that_no_script_reads_and_that_the_page_deletes(
    world: World, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.inviter)

    response = browser.post("/administration/users/add/", {**TESS, "one_time_password": ONE_TIME_PASSWORD})
    given = response.cookies["hand-over"]
    deleted = browser.get(response.headers["Location"]).cookies["hand-over"]

    assert (given["httponly"], given["samesite"], given["max-age"]) == (True, "Strict", 120)
    assert (deleted.value, deleted["max-age"]) == ("", 0)


def test_the_secret_of_one_user_is_not_shown_on_the_page_of_another(
    world: World, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.inviter)
    browser.post("/administration/users/add/", {**TESS, "one_time_password": ONE_TIME_PASSWORD})

    page = browser.get(f"/administration/users/{world.employee.pk}/hand-over/").content.decode()

    assert ONE_TIME_PASSWORD not in page


def test_a_cookie_that_was_not_made_here_shows_nothing(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)
    browser.cookies["hand-over"] = f'["{world.employee.pk}", "planted"]:forged:signature'

    assert "planted" not in browser.get(f"/administration/users/{world.employee.pk}/hand-over/").content.decode()


def test_the_form_keeps_what_was_typed_but_the_secret(world: World, browser_of: Callable[..., Client]) -> None:
    data = {**TESS, "email": "tess", "one_time_password": ONE_TIME_PASSWORD}

    page = browser_of(world.inviter).post("/administration/users/add/", data).content.decode()

    assert "This is no e-mail address." in page
    assert 'value="Moor"' in page
    assert ONE_TIME_PASSWORD not in page


def test_posting_the_form_twice_makes_one_user(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)
    data = {**TESS, "generate": "1", "one_time_password": ""}
    assert browser.post("/administration/users/add/", data).status_code == 302

    assert "is already a user of your organisation" in browser.post("/administration/users/add/", data).content.decode()
    assert User.objects.filter(email="tess@aurora.example").count() == 1


def test_fields_that_are_not_the_forms_own_change_nothing(world: World, browser_of: Callable[..., Client]) -> None:
    data = {**TESS, "one_time_password": ONE_TIME_PASSWORD, "is_staff": "1", "role": "oa", "organization": "x"}

    browser_of(world.inviter).post("/administration/users/add/", data)

    user = User.objects.get(email="tess@aurora.example")
    assert not user.is_staff
    assert actors.roles_of(Membership.objects.get(user=user)) == frozenset()


# --- A new One-Time Password --------------------------------------------------------------------------------------
def test_a_new_one_time_password_ends_the_old_one(world: World) -> None:
    made = add(world)

    again = users.reissue(worlds.acting(world.inviter), membership=made.membership)

    assert again.one_time_password != ONE_TIME_PASSWORD
    assert OneTimePassword.objects.filter(user=made.membership.user, revoked_at=None).count() == 1
    [mail] = worlds.mails("one_time_password_reissued")
    assert again.one_time_password not in render(mail).text


def test_nobody_takes_over_a_person_whom_another_organisation_trusts(world: World) -> None:
    memberships.create(worlds.PEN, user=world.employee.user, organization=world.elsewhere)

    with pytest.raises(NotAllowed, match="belongs to another organisation too"):
        users.reissue(worlds.acting(world.inviter), membership=world.employee)


def test_nobody_reissues_their_own(world: World) -> None:
    with pytest.raises(NotAllowed, match="your own account"):
        users.reissue(worlds.acting(world.inviter), membership=world.inviter)


def test_the_page_reissues_and_hands_over(world: World, browser_of: Callable[..., Client]) -> None:
    made = add(world)
    url = f"/administration/users/{made.membership.pk}/one-time-password/"
    unconfirmed = browser_of(world.inviter).post(url, {"generate": "1"})
    assert unconfirmed["Location"].startswith("/account/confirm/")
    browser = fresh(world.inviter.user)

    assert "at least 15 characters" in browser.post(url, {"one_time_password": "short"}).content.decode()
    page = browser.post(url, {"generate": "1"}, follow=True).content.decode()

    assert "It is shown this once" in page


# --- Roles --------------------------------------------------------------------------------------------------------
def test_appointing_and_dismissing_change_what_an_actor_may(world: World, browser_of: Callable[..., Client]) -> None:
    browser, url = browser_of(world.inviter), f"/administration/users/{world.employee.pk}"

    browser.post(f"{url}/appoint/", {"role": "aa:sft"})
    browser.post(f"{url}/appoint/", {"role": "aa:sft"})
    assert actors.roles_of(world.employee) == {"aa:sft"}
    browser.post(f"{url}/dismiss/", {"role": "aa:sft"})

    assert actors.roles_of(world.employee) == frozenset()
    verbs = AuditEvent.objects.filter(action__startswith="orgs.membership.", actor_id=world.inviter.user_id)
    assert sorted(event.action.rpartition(".")[2] for event in verbs) == ["appoint", "dismiss"]


def test_who_administers_the_organisation_is_not_changed_without_the_operator(
    world: World, browser_of: Callable[..., Client]
) -> None:
    second = worlds.member(world.aurora, "Second", Role.OA)
    browser = browser_of(world.inviter)

    answers = [
        browser.post(f"/administration/users/{world.employee.pk}/appoint/", {"role": "oa"}).status_code,
        browser.post(f"/administration/users/{second.pk}/dismiss/", {"role": "oa"}).status_code,
    ]

    assert answers == [403, 403]
    assert "oa" not in actors.roles_of(world.employee)
    assert "oa" in actors.roles_of(second)


@pytest.mark.parametrize("role", ["", "steward", "operator", "aa:nothing", "aa:\0", "oa:sft:x"])
def test_a_role_that_is_not_on_offer_is_not_given(world: World, browser_of: Callable[..., Client], role: str) -> None:
    response = browser_of(world.inviter).post(f"/administration/users/{world.employee.pk}/appoint/", {"role": role})

    assert response.status_code in {404, 422}
    assert actors.roles_of(world.employee) == frozenset()


@pytest.mark.parametrize("who", ["approver", "employee"])
def test_others_give_no_roles(world: World, browser_of: Callable[..., Client], who: str) -> None:
    url = f"/administration/users/{world.employee.pk}/appoint/"

    assert browser_of(getattr(world, who)).post(url, {"role": "oa"}).status_code == 403
    assert actors.roles_of(world.employee) == frozenset()


def test_the_last_active_organization_administrator_is_not_suspended(world: World) -> None:
    newcomer = worlds.member(world.aurora, "Second", Role.OA)
    suspend = worlds.acting(newcomer)
    User.objects.filter(pk=newcomer.user_id).update(state=UserState.INVITED)

    with pytest.raises(Conflict, match="last active"):
        memberships.suspend(suspend, membership=world.inviter, reason="Left the company.")

    User.objects.filter(pk=newcomer.user_id).update(state=UserState.ACTIVE)
    assert memberships.suspend(suspend, membership=world.inviter, reason="Left the company.").state == "suspended"


# --- Suspending ---------------------------------------------------------------------------------------------------
def test_suspending_signs_out_at_once_and_needs_a_reason(world: World, browser_of: Callable[..., Client]) -> None:
    theirs, browser = browser_of(world.employee), browser_of(world.inviter)
    url = f"/administration/users/{world.employee.pk}"
    assert theirs.get("/account/").status_code == 200

    missing = browser.post(f"{url}/suspend/", {"reason": " "})
    assert missing.status_code == 422
    assert "Say why, in a sentence." in missing.content.decode()
    browser.post(f"{url}/suspend/", {"reason": "Left the company."})

    world.employee.refresh_from_db()
    assert world.employee.state == MembershipState.SUSPENDED
    assert not MembersOnly().may_sign_in(world.employee.user)
    assert theirs.get("/account/").status_code == 302
    assert "Left the company." in browser.get(f"{url}/").content.decode()


def test_unsuspending_lets_in_again_with_the_roles_of_before(world: World, browser_of: Callable[..., Client]) -> None:
    memberships.suspend(worlds.acting(world.inviter), membership=world.approver, reason="Holiday.")

    browser_of(world.inviter).post(f"/administration/users/{world.approver.pk}/unsuspend/")

    assert MembersOnly().may_sign_in(world.approver.user)
    assert actors.roles_of(world.approver) == {"aa:sft"}


def test_nobody_suspends_themselves(world: World) -> None:
    worlds.member(world.aurora, "Second", Role.OA)

    with pytest.raises(NotAllowed, match="cannot suspend yourself"):
        memberships.suspend(worlds.acting(world.inviter), membership=world.inviter, reason="x")


# --- The list and the organisation's page -------------------------------------------------------------------------
def test_the_list_finds_by_name_user_id_and_address(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)

    for search in ("emma", "Baker emma", world.employee.user.user_id, world.employee.user.email):
        page = browser.get("/administration/users/", {"q": search}).content.decode()
        assert world.employee.user.user_id in page, search
        assert world.stranger.user.user_id not in page
    assert "Nobody found" in browser.get("/administration/users/?q=zebra").content.decode()


def test_the_organisation_page_shows_the_organization_id_and_who_administers(
    world: World, browser_of: Callable[..., Client]
) -> None:
    page = browser_of(world.approver).get("/administration/organization/").content.decode()

    assert world.aurora.organization_id in page
    assert world.inviter.user.email in page
    assert "Application Administrator (Secure File Transfer)" in page
    assert browser_of(world.employee).get("/administration/organization/").status_code == 403


# --- What the floor below is told and asked -----------------------------------------------------------------------
def test_a_completed_first_login_is_told_to_the_other_organization_administrators(world: World) -> None:
    made = add(world)

    FirstLoginNotice().first_login_completed(made.membership.user)

    [mail] = worlds.mails("first_login_completed")
    assert mail.to == world.inviter.user.email
    assert f"/administration/users/{made.membership.pk}/" in render(mail).text


def test_who_may_sign_in(world: World) -> None:
    loner = worlds.user("Lena")

    answers = [MembersOnly().may_sign_in(user) for user in (world.staff, world.employee.user, loner)]
    type(world.aurora).objects.filter(pk=world.aurora.pk).update(state="suspended")

    assert answers == [True, True, False]
    assert not MembersOnly().may_sign_in(world.employee.user)
