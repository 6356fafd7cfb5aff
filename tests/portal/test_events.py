"""Point 61 of the security list: each of these things writes exactly one event, with who, what, where, when and outcome."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuthenticatorApp, OneTimePassword, User
from accounts.services import one_time_passwords
from accounts.services.limits import SIGN_IN
from accounts.tasks import expire_one_time_passwords
from core.actor import Actor
from core.models import AuditEvent, Outcome
from orgs.models import Membership, Role
from orgs.services import approval, memberships, organizations, second_factor_rules
from orgs.tasks import expire_due
from sft.services import access
from tests.accounts.factors import code_of, with_app, wrong_code_of
from tests.accounts.stages import PASSWORD, Invited, activate, begin_first, choose_password, enter, invite
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.sft import world as sft_worlds
from tests.signing_in import let_in_by_password

pytestmark = pytest.mark.django_db

DONE, REFUSED = Outcome.DONE, Outcome.REFUSED
ADDRESS = "203.0.113.61"
SWEPT = "system: "


@dataclass
class Scene:
    """A company with people, one who has just been given a One-Time Password, and a browser at a known address."""

    world: worlds.World
    browser: Client = field(default_factory=lambda: Client(REMOTE_ADDR=ADDRESS))
    by: str = ""

    def act_as(self, who: Membership | User) -> Client:
        """The browser, in which this person has signed in."""
        person = who.user if isinstance(who, Membership) else who
        self.browser.force_login(person)
        self.by = person.user_id
        return self.browser

    def actor(self, who: Membership | User) -> Actor:
        """The same person without a browser."""
        actor = worlds.acting(who) if isinstance(who, Membership) else self.world.operator
        self.by = actor.label
        return actor.at(ip=ADDRESS, request_id="request-0061")

    def newcomer(self) -> Invited:
        invited = invite()
        Membership.objects.create(user=invited.user, organization=self.world.aurora)
        return invited

    def regular(self) -> User:
        """Somebody who has been through First-Time Login."""
        let_in_by_password()
        person = activate(self.newcomer())
        self.by = person.user_id
        return person

    def careful(self) -> tuple[User, AuthenticatorApp]:
        """Somebody with an authenticator app."""
        person = self.regular()
        return person, with_app(person)


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene(worlds.build())


# --- What is done. Each returns what does it; whatever it needs before is done by then. --------------------------------
Deed = Callable[[Scene], Callable[[], Any]]


def sign_in(scene: Scene) -> Callable[[], Any]:
    person = scene.regular()
    return lambda: enter(scene.browser, person.user_id)


def sign_in_with_factor(scene: Scene) -> Callable[[], Any]:
    person, app = scene.careful()
    enter(scene.browser, person.user_id)
    return lambda: scene.browser.post("/sign-in/second-factor/", {"code": code_of(app)})


def wrong_password(scene: Scene) -> Callable[[], Any]:
    person = scene.regular()
    scene.by = "visitor"
    return lambda: enter(scene.browser, person.user_id, "not at all my password")


def unknown_name(scene: Scene) -> Callable[[], Any]:
    scene.by = "visitor"
    return lambda: enter(scene.browser, "nobody_0000", "not at all my password")


def last_try_before_the_wait(scene: Scene) -> Callable[[], Any]:
    person = scene.regular()
    for _ in range(SIGN_IN.here.free - 1):
        enter(scene.browser, person.user_id, "not at all my password")
    scene.by = "visitor"
    return lambda: enter(scene.browser, person.user_id, "not at all my password")


def sign_out(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.employee)
    return lambda: browser.post("/sign-out/")


def wrong_code(scene: Scene) -> Callable[[], Any]:
    person, app = scene.careful()
    enter(scene.browser, person.user_id)
    scene.by = ""
    return lambda: scene.browser.post("/sign-in/second-factor/", {"code": wrong_code_of(app)})


def add_factor(scene: Scene) -> Callable[[], Any]:
    person = scene.regular()
    enter(scene.browser, person.user_id)
    scene.browser.post("/account/security/authenticator-app/", {"choice": "begin"})
    app = AuthenticatorApp.objects.get(user=person, confirmed=False)
    return lambda: scene.browser.post("/account/security/authenticator-app/", {"code": code_of(app), "name": "Tablet"})


def remove_factor(scene: Scene) -> Callable[[], Any]:
    person, app = scene.careful()
    enter(scene.browser, person.user_id)
    scene.browser.post("/sign-in/second-factor/", {"code": code_of(app)})
    return lambda: scene.browser.post(f"/account/security/{app.pk}/remove/")


def change_password(scene: Scene) -> Callable[[], Any]:
    person = scene.regular()
    enter(scene.browser, person.user_id)
    new = "eleven quiet lighthouses"
    typed = {"current": PASSWORD, "current_password": PASSWORD, "password": new, "repeated": new}
    return lambda: scene.browser.post("/account/password/", typed)


def issue_one_time_password(scene: Scene) -> Callable[[], Any]:
    inviter = scene.world.inviter.user
    inviter.set_password(PASSWORD)
    inviter.save()
    browser = scene.act_as(inviter)
    assert browser.post("/account/confirm/", {"password": PASSWORD}).status_code == 302
    return lambda: browser.post(
        f"/administration/users/{scene.world.employee.pk}/one-time-password/", {"generate": "1"}
    )


def use_one_time_password(scene: Scene) -> Callable[[], Any]:
    let_in_by_password()
    invited = scene.newcomer()
    begin_first(scene.browser, invited.user.user_id, invited.secret)
    scene.by = invited.user.user_id
    return lambda: choose_password(scene.browser)


def wrong_one_time_password(scene: Scene) -> Callable[[], Any]:
    invited = scene.newcomer()
    scene.by = "visitor"
    return lambda: begin_first(scene.browser, invited.user.user_id, "AAAA-AAAA-AAAA-AAAA")


def fifth_wrong_one_time_password(scene: Scene) -> Callable[[], Any]:
    invited = scene.newcomer()
    for number in range(4):
        begin_first(Client(REMOTE_ADDR=f"198.51.100.{number}"), invited.user.user_id, "AAAA-AAAA-AAAA-AAAA")
    scene.by = "visitor"
    return lambda: begin_first(scene.browser, invited.user.user_id, "AAAA-AAAA-AAAA-AAAA")


def one_time_password_expires(scene: Scene) -> Callable[[], Any]:
    scene.newcomer()
    scene.by = one_time_passwords.SWEEP.label

    def a_week_later() -> None:
        with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
            expire_one_time_passwords()
            expire_one_time_passwords()

    return a_week_later


def approve(scene: Scene) -> Callable[[], Any]:
    registration = submissions.submitted()
    return lambda: approval.approve(scene.actor(scene.world.staff), registration)


def invitation_expires(scene: Scene) -> Callable[[], Any]:
    invitation = worlds.invite(scene.world)
    scene.by = SWEPT

    def a_month_later() -> None:
        with time_machine.travel(invitation.expires_at + timedelta(seconds=1)):
            expire_due()
            expire_due()

    return a_month_later


def deny(scene: Scene) -> Callable[[], Any]:
    registration = submissions.submitted()
    return lambda: approval.deny(scene.actor(scene.world.staff), registration, reason="Not a supplier.")


def grant_access(scene: Scene) -> Callable[[], Any]:
    sft_worlds.subscribed(scene.world.aurora)
    grant = access.request(worlds.acting(scene.world.employee), application=worlds.sft())
    browser = scene.act_as(scene.world.approver)
    return lambda: browser.post("/administration/requests/", {"decision": "approve", "chosen": [str(grant.pk)]})


def deny_access(scene: Scene) -> Callable[[], Any]:
    sft_worlds.subscribed(scene.world.aurora)
    grant = access.request(worlds.acting(scene.world.employee), application=worlds.sft())
    return lambda: access.deny(scene.actor(scene.world.approver), grant=grant, reason="Not needed for this project.")


def suspend_access(scene: Scene) -> Callable[[], Any]:
    sft_worlds.subscribed(scene.world.aurora)
    grant = access.grant(worlds.PEN, membership=scene.world.employee, application=worlds.sft())
    return lambda: access.suspend(scene.actor(scene.world.approver), grant=grant, reason="On leave.")


def suspend_member(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.inviter)
    return lambda: browser.post(f"/administration/users/{scene.world.employee.pk}/suspend/", {"reason": "Left us."})


def suspend_organization(scene: Scene) -> Callable[[], Any]:
    return lambda: organizations.suspend(scene.actor(scene.world.staff), scene.world.aurora, reason="Unpaid.")


def give_role(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.inviter)
    return lambda: browser.post(f"/administration/users/{scene.world.employee.pk}/appoint/", {"role": "aa:sft"})


def take_role(scene: Scene) -> Callable[[], Any]:
    worlds.member(scene.world.aurora, "Anna", Role.AA)
    browser = scene.act_as(scene.world.inviter)
    return lambda: browser.post(f"/administration/users/{scene.world.approver.pk}/dismiss/", {"role": "aa:sft"})


def downloaded(browser: Client, path: str) -> bytes:
    answer: Any = browser.post(path, {"format": "csv"})
    return b"".join(answer.streaming_content)


def export_trail(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.inviter)
    return lambda: downloaded(browser, "/administration/audit-trail/export/")


def export_invitations(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.inviter)
    return lambda: downloaded(browser, "/administration/invitations/export/")


def change_settings(scene: Scene) -> Callable[[], Any]:
    return lambda: second_factor_rules.set_rule(scene.actor(scene.world.staff), required=True, grace_days=7)


def overstep(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.employee)
    return lambda: browser.get("/administration/users/")


def enter_the_back_office(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.employee)
    return lambda: browser.get("/admin/", follow=True)


def open_without_access(scene: Scene) -> Callable[[], Any]:
    browser = scene.act_as(scene.world.employee)
    return lambda: browser.get("/applications/sft/open/")


EVENTS: list[tuple[str, Deed, str, Outcome]] = [
    ("login", sign_in, "accounts.session.begin", DONE),
    ("login with a second factor", sign_in_with_factor, "accounts.session.begin", DONE),
    ("login failed: wrong password", wrong_password, "accounts.session.begin", REFUSED),
    ("login failed: unknown name", unknown_name, "accounts.session.begin", REFUSED),
    ("login locked", last_try_before_the_wait, "accounts.sign_in.lock", DONE),
    ("logout", sign_out, "accounts.session.end", DONE),
    ("second factor failed", wrong_code, "accounts.factor.try", REFUSED),
    ("second factor added", add_factor, "accounts.factor.add", DONE),
    ("second factor removed", remove_factor, "accounts.factor.remove", DONE),
    ("password changed", change_password, "accounts.password.change", DONE),
    ("One-Time Password issued", issue_one_time_password, "accounts.one_time_password.issue", DONE),
    ("One-Time Password used", use_one_time_password, "accounts.one_time_password.use", DONE),
    ("One-Time Password wrong", wrong_one_time_password, "accounts.one_time_password.try", REFUSED),
    ("One-Time Password ended by tries", fifth_wrong_one_time_password, "accounts.one_time_password.exhaust", DONE),
    ("One-Time Password expired", one_time_password_expires, "accounts.one_time_password.expire", DONE),
    ("registration approved", approve, "orgs.registration.approve", DONE),
    ("registration denied", deny, "orgs.registration.deny", DONE),
    ("invitation expired", invitation_expires, "orgs.invitation.expire", DONE),
    ("access granted", grant_access, "sft.accessgrant.approve", DONE),
    ("access denied", deny_access, "sft.accessgrant.deny", DONE),
    ("access suspended", suspend_access, "sft.accessgrant.suspend", DONE),
    ("member suspended", suspend_member, "orgs.membership.suspend", DONE),
    ("organisation suspended", suspend_organization, "orgs.organization.suspend", DONE),
    ("role given", give_role, "orgs.membership.appoint", DONE),
    ("role taken", take_role, "orgs.membership.dismiss", DONE),
    ("trail exported", export_trail, "core.audit.export", DONE),
    ("list exported", export_invitations, "orgs.invitation.export", DONE),
    ("settings changed", change_settings, "orgs.second_factor_rule.set", DONE),
    ("authorisation failed", overstep, "core.request.refuse", REFUSED),
    ("back office refused", enter_the_back_office, "core.request.refuse", REFUSED),
    ("application refused", open_without_access, "sft.application.open", REFUSED),
]


@pytest.mark.parametrize(("deed", "action", "outcome"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_each_writes_exactly_one_event_with_who_what_where_when_and_outcome(
    scene: Scene, deed: Deed, action: str, outcome: Outcome
) -> None:
    do = deed(scene)
    known = set(AuditEvent.objects.values_list("pk", flat=True))
    begun = timezone.now()
    do()
    (event,) = AuditEvent.objects.exclude(pk__in=known).filter(action=action)
    assert event.outcome == outcome
    assert event.at >= begun
    assert event.actor_label.startswith(scene.by or event.actor_label)
    assert event.actor_label
    if not event.actor_label.startswith(SWEPT):
        assert (event.ip, bool(event.request_id)) == (ADDRESS, True)


def test_a_change_of_state_is_not_told_twice(scene: Scene) -> None:
    """The same deeds again: the second of two is refused, and leaves no second event of the first."""
    browser = scene.act_as(scene.world.inviter)
    for _ in range(2):
        browser.post(f"/administration/users/{scene.world.employee.pk}/suspend/", {"reason": "Left us."})
    assert AuditEvent.objects.filter(action="orgs.membership.suspend").count() == 1
    memberships.unsuspend(
        scene.actor(scene.world.inviter), membership=Membership.objects.get(pk=scene.world.employee.pk)
    )
    assert AuditEvent.objects.filter(action="orgs.membership.unsuspend").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", [sign_in, suspend_member, issue_one_time_password, export_trail])
def test_what_cannot_be_recorded_is_not_done(scene: Scene, deed: Deed) -> None:
    do = deed(scene)
    scene.browser.raise_request_exception = False
    before = standing(scene)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditevent ADD CONSTRAINT closed CHECK (action = '') NOT VALID")
    try:
        with suppress(AttributeError):  # the page of an error has no parts to stream
            do()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_auditevent DROP CONSTRAINT closed")
    assert standing(scene) == before


def standing(scene: Scene) -> list[object]:
    """What these deeds would change."""
    return [
        Membership.objects.get(pk=scene.world.employee.pk).state,
        OneTimePassword.objects.count(),
        AuditEvent.objects.count(),
        scene.browser.get("/account/").status_code,
    ]
