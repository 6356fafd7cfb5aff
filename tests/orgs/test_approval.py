"""The operator's decision: complete or not at all, once, and never by the registrant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts import queries as people_queries
from accounts.models import OneTimePassword, User, UserState
from core.actor import Actor
from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent, Mail
from core.outbox import render
from orgs import ports
from orgs.models import (
    Membership,
    Organization,
    OrganizationState,
    Partnership,
    Registration,
    RegistrationState,
    WizardStep,
)
from orgs.services import actors, approval
from orgs.services.sign_in import MembersOnly
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant, person
from tests.orgs.world import ONE_TIME_PASSWORD, World

pytestmark = pytest.mark.django_db


class Listener:
    """Stands in for the floor above and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refuses = False

    def organization_approved(self, actor: Actor, **what: Any) -> None:
        if self.refuses:
            raise RuntimeError("nothing upstairs")
        self.told.append(what)


@pytest.fixture
def listener() -> Iterator[Listener]:
    before = ports.onboarding_listener()
    stand_in = Listener()
    ports.onboarding_listener.bind(stand_in)
    yield stand_in
    ports.onboarding_listener.bind(before)


@pytest.fixture
def submitted(world: World, registrant: Registrant) -> Registration:
    invitation = worlds.invite(world)
    return registrant.submitted(f"/invitation/{worlds.secret_of(invitation)}/")


def approve_url(registration: Registration) -> str:
    return f"/admin/orgs/registration/{registration.pk}/approve/"


def deny_url(registration: Registration) -> str:
    return f"/admin/orgs/registration/{registration.pk}/deny/"


def detail_url(registration: Registration) -> str:
    return f"/admin/orgs/registration/{registration.pk}/change/"


def test_the_floor_above_hears_of_organisation_applications_and_administrators(
    world: World, submitted: Registration, listener: Listener
) -> None:
    organization = approval.approve(world.operator, submitted)

    [told] = listener.told
    assert told["organization"] == organization
    assert told["applications"] == [worlds.sft()]
    named = [(entry.role.value, entry.application) for entry in told["administrators"]]
    assert named == [("oa", None), ("aa", worlds.sft())]


def test_a_listener_that_fails_leaves_nothing_behind(world: World, submitted: Registration, listener: Listener) -> None:
    listener.refuses = True
    before = (Organization.objects.count(), User.objects.count(), Mail.objects.count(), AuditEvent.objects.count())

    with pytest.raises(RuntimeError):
        approval.approve(world.operator, submitted)

    assert before == (
        Organization.objects.count(),
        User.objects.count(),
        Mail.objects.count(),
        AuditEvent.objects.count(),
    )
    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


def test_a_mail_that_cannot_be_queued_leaves_no_half_organisation(
    world: World, submitted: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Organization.objects.count()
    monkeypatch.setattr("core.outbox.enqueue", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        approval.approve(world.operator, submitted)

    assert Organization.objects.count() == before
    assert people_queries.user_by_email("kim@newco.example") is None


def test_before_approval_nobody_of_the_organisation_exists(submitted: Registration) -> None:
    assert people_queries.user_by_email("kim@newco.example") is None


def test_after_approval_they_may_sign_in_and_the_draft_forgets_the_secret(
    world: World, submitted: Registration
) -> None:
    approval.approve(world.operator, submitted)

    kim = people_queries.user_by_email("kim@newco.example")
    assert kim is not None
    assert MembersOnly().may_sign_in(kim)
    assert OneTimePassword.objects.get(user=kim).secret_hash != ""
    assert set(submitted.administrators.values_list("one_time_password_hash", flat=True)) == {""}


@pytest.fixture
def names_petra(registrant: Registrant) -> Registration:
    """A submitted registration whose administrator for everything is ``petra@newco.example``."""
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.create_administrator()
    registrant.one_time_password()
    registrant.select_application_administrators(registrant.named("Petra"))
    registrant.submit()
    return registrant.stored()


def test_somebody_known_becomes_a_member_and_keeps_their_password(world: World, names_petra: Registration) -> None:
    known = worlds.user("Petra", email="petra@newco.example")
    known.set_password("a password of their own")
    known.save()

    organization = approval.approve(world.operator, names_petra)

    known.refresh_from_db()
    assert known.state == UserState.ACTIVE
    assert known.check_password("a password of their own")
    assert not OneTimePassword.objects.filter(user=known).exists()
    assert actors.roles_of(Membership.objects.get(user=known, organization=organization)) == {"oa", "aa:sft"}
    [mail] = worlds.mails("registration_approved_known")
    assert "You have an account already and keep it" in render(mail).text
    assert "Sign in with your User ID and your password" in render(mail).text
    [told] = worlds.mails("registration_approved_contact")
    assert told.to == "kim@newco.example"
    assert "Petra Baker" in render(told).text


def test_somebody_known_who_has_no_password_yet_is_sent_to_first_time_login(
    world: World, names_petra: Registration
) -> None:
    known = worlds.user("Petra", email="petra@newco.example")
    known.set_unusable_password()
    known.state = UserState.INVITED
    known.save()

    approval.approve(world.operator, names_petra)

    [mail] = worlds.mails("registration_approved_known")
    assert "Complete First-Time Login" in render(mail).text
    assert "/first-time-login/" in render(mail).text
    assert "your password" not in render(mail).text


def test_operator_staff_cannot_become_an_administrator(world: World, registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
    other_staff = worlds.user("Rob", staff=True)
    registrant.create_application_administrator(**person("Rob", email=other_staff.email))
    registrant.submit()

    with pytest.raises(Conflict, match="is operator staff"):
        approval.approve(world.operator, registrant.stored())


@pytest.mark.parametrize("state", [UserState.SUSPENDED, UserState.CLOSED])
def test_nobody_who_is_kept_out_becomes_an_administrator(
    world: World, registrant: Registrant, state: UserState
) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
    known = worlds.user("Rob")
    registrant.create_application_administrator(**person("Rob", email=known.email))
    registrant.submit()
    User.objects.filter(pk=known.pk).update(state=state)

    with pytest.raises(Conflict, match=f"is {state}"):
        approval.approve(world.operator, registrant.stored())

    User.objects.filter(pk=known.pk).update(state=UserState.ACTIVE)
    assert approval.approve(world.operator, registrant.stored()).state == OrganizationState.ACTIVE


def test_a_denial_mails_its_reason(world: World, submitted: Registration) -> None:
    approval.deny(world.operator, submitted, reason="  The CAGE code belongs to “Other & Co”. ")

    submitted.refresh_from_db()
    assert submitted.denial_reason == "The CAGE code belongs to “Other & Co”."
    [mail] = worlds.mails("registration_denied")
    assert mail.to == "kim@newco.example"
    assert "The CAGE code belongs to “Other & Co”." in render(mail).text
    page = Client().get(worlds.link_in(mail, "/registration/")).content.decode()
    assert "The CAGE code belongs to “Other &amp; Co”." in page
    assert set(submitted.administrators.values_list("one_time_password_hash", flat=True)) == {""}


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_denial_needs_a_reason(world: World, submitted: Registration, reason: str) -> None:
    with pytest.raises(Invalid):
        approval.deny(world.operator, submitted, reason=reason)


@pytest.mark.parametrize("named", ["contact", "administrator"])
def test_nobody_decides_a_registration_that_names_them(world: World, registrant: Registrant, named: str) -> None:
    email = world.staff.email.upper()
    if named == "contact":
        registrant.up_to(WizardStep.PROFILE)
        registrant.profile(contact_email=email)
        registrant.select_oneself()
        registrant.one_time_password()
    else:
        registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
        registrant.create_application_administrator(**person("Sam", email=email))
    registrant.select_application_administrators(*registrant.stored().administrators.all())
    registrant.submit()

    with pytest.raises(NotAllowed, match="somebody else has to decide"):
        approval.approve(world.operator, registrant.stored())
    with pytest.raises(NotAllowed, match="somebody else has to decide"):
        approval.deny(world.operator, registrant.stored(), reason="No.")
    colleague = actors.of_user(worlds.user("Cleo", staff=True))
    assert approval.deny(colleague, registrant.stored(), reason="No.").state == RegistrationState.DENIED


def test_who_was_entered_and_not_selected_is_no_part_of_the_registration(world: World, registrant: Registrant) -> None:
    known = worlds.user("Rob")
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)
    registrant.create_application_administrator(**person("Sam", email=world.staff.email))
    registrant.create_application_administrator(**person("Rob", email=known.email))
    registrant.select_application_administrators(registrant.contact())
    registrant.submit()
    staff = Client()
    staff.force_login(world.staff)

    page = staff.get(f"/admin/orgs/registration/{registrant.stored().pk}/change/").content.decode()

    assert "Approve" in page
    assert "becomes a member" not in page
    organization = approval.approve(world.operator, registrant.stored())
    assert not Membership.objects.filter(organization=organization, user=known).exists()


@pytest.mark.parametrize("who", ["inviter", "employee", "stranger"])
def test_members_decide_nothing(world: World, submitted: Registration, who: str) -> None:
    with pytest.raises(NotAllowed):
        approval.approve(worlds.acting(getattr(world, who)), submitted)


def test_a_decision_is_made_once(world: World, submitted: Registration) -> None:
    approval.approve(world.operator, submitted)

    with pytest.raises(Conflict):
        approval.approve(world.operator, submitted)
    with pytest.raises(Conflict):
        approval.deny(world.operator, submitted, reason="Too late.")
    assert Organization.objects.filter(legal_name=submitted.legal_name).count() == 1


def test_a_draft_cannot_be_decided(world: World, registrant: Registrant) -> None:
    registration = registrant.up_to(WizardStep.REVIEW)

    with pytest.raises(Conflict):
        approval.approve(world.operator, registration)


@pytest.mark.django_db(transaction=True)
def test_twenty_approvals_at_once_make_one_organisation(world: World, registrant: Registrant) -> None:
    registration = registrant.submitted()

    outcomes = at_once([lambda: approval.approve(world.operator, registration)] * 20)

    refusals = [outcome for outcome in outcomes if outcome is not None]
    assert len(refusals) == 19
    assert all(isinstance(refusal, Conflict) for refusal in refusals)
    assert Organization.objects.filter(legal_name="Newco Metals Ltd").count() == 1
    assert User.objects.filter(email="kim@newco.example").count() == 1
    assert len(worlds.mails("registration_approved")) == 1


@pytest.mark.django_db(transaction=True)
def test_approval_and_denial_at_once_are_one_decision(world: World, registrant: Registrant) -> None:
    registration = registrant.submitted()

    def approve() -> None:
        approval.approve(world.operator, registration)

    def deny() -> None:
        approval.deny(world.operator, registration, reason="No.")

    outcomes: Sequence[Exception | None] = at_once([approve, deny] * 4)

    assert sum(outcome is None for outcome in outcomes) == 1
    decided = len(worlds.mails("registration_approved")) + len(worlds.mails("registration_denied"))
    assert decided == 1


def test_partnerships_are_written_both_ways_once(world: World, submitted: Registration) -> None:
    organization = approval.approve(world.operator, submitted)

    pairs = set(Partnership.objects.values_list("organization_id", "partner_id"))
    assert pairs == {(organization.pk, world.aurora.pk), (world.aurora.pk, organization.pk)}


# --- The pages ----------------------------------------------------------------------------------------------------
def test_the_detail_page_has_everything_on_one_screen(
    world: World, submitted: Registration, browser_of: Callable[..., Client]
) -> None:
    worlds.user("Known", email="kim@newco.example")

    page = browser_of(world.staff).get(detail_url(submitted)).content.decode()

    for text in (
        "Newco Metals Ltd", "1 Foundry Lane", "kim@newco.example", "Secure File Transfer", "Olivia Baker", "In review",
        "Already has an account", "Saved Organization Profile", "Approve", "Deny",
    ):  # fmt: skip
        assert text in page, text
    assert ONE_TIME_PASSWORD not in page


def test_a_second_click_is_a_message_and_not_an_error(
    world: World, submitted: Registration, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.staff)
    browser.post(approve_url(submitted))

    again = browser.post(approve_url(submitted), follow=True)
    late = browser.post(deny_url(submitted), {"reason": "Too late."}, follow=True)

    for page in (again, late):
        assert page.status_code == 200
        assert "This registration is now “Approved”" in page.content.decode()


def test_denying_without_a_reason_says_so(
    world: World, submitted: Registration, browser_of: Callable[..., Client]
) -> None:
    page = browser_of(world.staff).post(deny_url(submitted), {"reason": ""})

    assert page.status_code == 200
    assert "Say why, in a sentence: the registrant reads it." in page.content.decode()
    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


def test_deciding_takes_a_post(world: World, submitted: Registration, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.staff)

    assert [browser.get(url).status_code for url in (approve_url(submitted), deny_url(submitted))] == [405, 405]


def test_the_back_office_is_closed_to_members(
    world: World, submitted: Registration, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.inviter)

    for url in (detail_url(submitted), "/admin/orgs/registration/"):
        assert browser.get(url).status_code == 302
    assert browser.post(approve_url(submitted)).status_code == 302
    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


def test_drafts_are_not_in_the_queue(world: World, registrant: Registrant, browser_of: Callable[..., Client]) -> None:
    draft = registrant.up_to(WizardStep.REVIEW)
    browser = browser_of(world.staff)

    assert "Newco Metals Ltd" not in browser.get("/admin/orgs/registration/?queue=all").content.decode()
    assert browser.get(detail_url(draft)).status_code == 404
    assert browser.get("/admin/orgs/registration/nonsense/change/").status_code == 404


def test_the_queue_is_ordered_by_due_time_and_hides_what_is_decided(
    world: World, browser_of: Callable[..., Client]
) -> None:
    registrations = [Registrant(f"203.0.113.{number}").submitted() for number in (20, 21, 22)]
    for registration, name, days in zip(registrations, ("Late", "Early", "Decided"), (3, 1, 2), strict=True):
        due_at = registration.submitted_at
        assert due_at is not None
        Registration.objects.filter(pk=registration.pk).update(
            legal_name=name, due_at=due_at.replace(year=due_at.year + days)
        )
    approval.deny(world.operator, registrations[2], reason="No.")
    browser = browser_of(world.staff)

    waiting = browser.get("/admin/orgs/registration/").content.decode()
    denied = browser.get("/admin/orgs/registration/?queue=denied").content.decode()

    assert waiting.index("Early") < waiting.index("Late")
    assert "Decided<" not in waiting
    assert "Decided<" in denied


@pytest.mark.parametrize("model", ["organization", "invitation", "membership", "application"])
def test_what_came_of_it_is_there_to_look_at_and_not_to_change(
    world: World, submitted: Registration, browser_of: Callable[..., Client], model: str
) -> None:
    approval.approve(world.operator, submitted)
    browser = browser_of(world.staff)
    row = apps.get_model("orgs", model).objects.first()
    assert row is not None

    page = browser.get(f"/admin/orgs/{model}/{row.pk}/change/").content.decode()

    assert 'name="_save"' not in page
    assert browser.post(f"/admin/orgs/{model}/{row.pk}/change/", {}).status_code == 403
    assert browser.get(f"/admin/orgs/{model}/add/").status_code == 403
    assert browser.post(f"/admin/orgs/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
