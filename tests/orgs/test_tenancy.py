"""Whose pages open for whom: every address of this room, for strangers, colleagues without a role and visitors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern

from core.actor import Actor
from core.errors import NotFound
from orgs import access, urls
from orgs.models import Membership
from tests.orgs import world as worlds
from tests.orgs.changes import change_profile
from tests.orgs.joiner import Joiner
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

# Addresses that a visitor may open, and those that lead to the actor's own things whoever they are.
PUBLIC = {
    "invitation",
    "invitation-ask",
    "invitation-by-mail",
    "invitation-mended",
    "registration-status",
    "register",
    "register-by-mail",
    "register-from-mail",
    "register-resume",
    "address-rules",
    "captcha-image",
    "captcha-sound",
    "captcha-another",
}
AFTER_SUBMIT = {
    "registration-link",
    "registration-confirm",
    "registration-answer",
    "registration-details",
    "registration-withdraw",
}
JOINING = {"join", "join-invited", "join-status", "join-confirm", "join-choose", "join-withdraw"}
OF_A_JOIN_REQUEST = {"join-request", "join-request-approve", "join-request-deny"}
OWN = {
    "administration",
    "organization",
    "organization-edit",
    "users",
    "add-user",
    "invitations",
    "invite",
    "join-requests",
    "audit-trail",
    "audit-trail-export",
    "invitations-export",
    "invite-many",
    "invite-many-template",
    "memberships",
    "end-sessions",
}
OF_A_USER = {
    "user",
    "user-name",
    "user-unlock",
    "user-end-sessions",
    "user-appoint",
    "user-dismiss",
    "user-suspend",
    "user-unsuspend",
    "user-reissue",
    "user-administrator",
    "hand-over",
}
OF_A_CHANGE = {"change-withdraw"}
OF_AN_INVITATION = {"invitation-page", "invitation-extend", "invitation-resend", "invitation-revoke"}
# Whose it is is held by test_audit_trail.py.
OF_THE_TRAIL = {"audit-event"}
# Whose these are is held by test_invitations_received.py and test_invitations_batches.py.
OF_THE_INVITED = {"received-invitation", "received-invitation-accept", "received-invitation-pass-on"}
OF_A_FILE = {"invite-many-preview"}
# Whose it is is held by test_memberships.py.
OF_ONESELF = {"act-for"}
# Whose these are is held by test_second_factor_rules.py and test_lost_factors.py.
OF_SECOND_FACTORS = {"second-factor-rule", "user-factor-reset"}


def named(pattern: URLPattern) -> str:
    assert pattern.name
    return pattern.name


WIZARD = {named(pattern) for pattern in urls.urlpatterns if named(pattern).startswith("wizard-")}
BODY = {"role": "oa", "reason": "Because.", "one_time_password": worlds.ONE_TIME_PASSWORD}


def test_every_address_is_in_one_of_these_groups() -> None:
    groups = [
        PUBLIC,
        AFTER_SUBMIT,
        JOINING,
        OF_A_JOIN_REQUEST,
        OWN,
        OF_A_USER,
        OF_A_CHANGE,
        OF_AN_INVITATION,
        WIZARD,
        OF_THE_INVITED,
        OF_A_FILE,
        OF_THE_TRAIL,
        OF_ONESELF,
        OF_SECOND_FACTORS,
    ]
    names = {named(pattern) for pattern in urls.urlpatterns}

    assert names == set().union(*groups)
    assert len(names) == sum(len(group) for group in groups)


def addresses(world: World) -> dict[str, str]:
    """Each address that names an object, with one of ``aurora``'s."""
    invitation = worlds.invite(world)
    user, invited = f"/administration/users/{world.employee.pk}/", f"/administration/invitations/{invitation.pk}/"
    asked = f"/administration/join-requests/{Joiner().asks(world.aurora).pk}/"
    return {
        "user": user,
        "user-name": f"{user}name/",
        "user-unlock": f"{user}unlock/",
        "user-end-sessions": f"{user}end-sessions/",
        "user-appoint": f"{user}appoint/",
        "user-dismiss": f"{user}dismiss/",
        "user-suspend": f"{user}suspend/",
        "user-unsuspend": f"{user}unsuspend/",
        "user-reissue": f"{user}one-time-password/",
        "hand-over": f"{user}hand-over/",
        "user-administrator": f"{user}organization-administrator/",
        "change-withdraw": f"/administration/changes/{change_profile(world, city='York').pk}/withdraw/",
        "join-request": asked,
        "join-request-approve": f"{asked}approve/",
        "join-request-deny": f"{asked}deny/",
        "invitation-page": invited,
        "invitation-extend": f"{invited}extend/",
        "invitation-resend": f"{invited}resend/",
        "invitation-revoke": f"{invited}revoke/",
    }


def send(browser: Client, method: str, url: str) -> Any:
    return getattr(browser, method)(url, BODY if method == "post" else {})


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", sorted(OF_A_USER | OF_A_CHANGE | OF_A_JOIN_REQUEST | OF_AN_INVITATION))
def test_an_administrator_of_another_organisation_finds_nothing(
    world: World, browser_of: Callable[..., Client], name: str, method: str
) -> None:
    url = addresses(world)[name]
    own = send(browser_of(world.inviter), method, url).status_code

    theirs = send(browser_of(world.stranger), method, url).status_code

    assert own != 404
    assert theirs == (405 if own == 405 else 404)


@pytest.mark.parametrize("name", sorted(OF_A_USER | OF_A_JOIN_REQUEST))
@pytest.mark.parametrize("who", ["approver", "employee"])
def test_a_colleague_without_the_role_manages_no_users(
    world: World, browser_of: Callable[..., Client], name: str, who: str
) -> None:
    url = addresses(world)[name]

    answers = {send(browser_of(getattr(world, who)), method, url).status_code for method in ("get", "post")}

    assert answers <= {403, 405}


@pytest.mark.parametrize("name", sorted(OWN | OF_A_USER | OF_A_CHANGE | OF_A_JOIN_REQUEST | OF_AN_INVITATION))
def test_a_visitor_is_sent_to_sign_in(world: World, name: str) -> None:
    own = {
        "administration": "/administration/",
        "organization": "/administration/organization/",
        "organization-edit": "/administration/organization/edit/",
        "users": "/administration/users/",
        "add-user": "/administration/users/add/",
        "invitations": "/administration/invitations/",
        "join-requests": "/administration/join-requests/",
        "memberships": "/account/memberships/",
        "end-sessions": "/administration/users/end-sessions/",
        "audit-trail": "/administration/audit-trail/",
        "audit-trail-export": "/administration/audit-trail/export/",
        "invite": "/administration/invitations/new/",
        "invitations-export": "/administration/invitations/export/",
        "invite-many": "/administration/invitations/many/",
        "invite-many-template": "/administration/invitations/many/template.csv",
    }
    url = {**addresses(world), **own}[name]

    answers = [send(Client(), method, url) for method in ("get", "post")]

    assert {answer.status_code for answer in answers} <= {302, 405}
    assert all(answer.headers["Location"].startswith("/sign-in/") for answer in answers if answer.status_code == 302)


def test_operator_staff_have_no_organisation_to_administer(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.staff)

    answers = [browser.get(f"/administration/{page}").status_code for page in ("", "users/", "organization/")]

    assert set(answers) <= {403, 404}


@pytest.mark.parametrize("name", ["employee", "stranger"])
def test_access_starts_from_the_actors_organisation(world: World, name: str) -> None:
    member: Membership = getattr(world, name)
    actor: Actor = worlds.acting(world.inviter)

    if name == "employee":
        assert access.member(actor, member.pk) == member
    else:
        with pytest.raises(NotFound):
            access.member(actor, member.pk)
