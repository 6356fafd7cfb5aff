"""Everything that this room can mail, mailed once: each link leads whoever reads it to a page, and a look changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import factor_resets
from core import mail_samples
from core.models import AuditEvent, Mail
from core.outbox import render
from orgs import tasks
from orgs.models import Organization, Registration, Role, WizardStep
from orgs.services import (
    approval,
    change_decisions,
    invitations,
    join_decisions,
    organizations,
    review,
    users,
)
from orgs.services.invitations import received
from orgs.services.registrations import answers, links, withdrawal
from tests.accounts.factors import with_app
from tests.orgs import changes
from tests.orgs import world as worlds
from tests.orgs.joiner import Joiner
from tests.orgs.registrant import Registrant
from tests.orgs.submissions import name, submitted
from tests.orgs.world import ONE_TIME_PASSWORD, VISITOR, World
from tests.signing_in import come_in_first, let_in_by_password

pytestmark = pytest.mark.django_db

LINK = re.compile(rf'{re.escape(settings.BASE_URL)}(/[^\s"<>]*)')
OPENED = "orgs.invitation.open"


def everything_is_mailed(world: World) -> None:
    changes.with_profile(world)
    Organization.objects.filter(pk=world.aurora.pk).update(email_domains=["aurora.example"])
    invite_and_be_answered(world)
    register(world)
    decide(world)
    join(world)
    administer(world)
    # Forgotten soon, so after those that travel in time.
    Client().post("/register/by-mail/", {"email": "mona@newco.example"})


def invite_and_be_answered(world: World) -> None:
    clerk = worlds.member(world.elsewhere, "Clara")
    sent = {who: worlds.invite(world, email=email) for who, email in {
        "stranger": "a@newco.example", "back": "b@newco.example", "clerk": clerk.user.email,
        "administrator": world.stranger.user.email,
    }.items()}  # fmt: skip
    with time_machine.travel(sent["stranger"].expires_at - timedelta(days=1), tick=False):
        tasks.remind_of_invitations()
    worlds.come_back(sent["back"])
    invitations.ask_for_another(VISITOR, sent["stranger"])
    received.pass_on(worlds.acting(clerk), sent["clerk"])
    received.accept(worlds.acting(world.stranger), sent["administrator"])


def register(world: World) -> None:
    draft = Registrant("203.0.113.11")
    draft.up_to(WizardStep.REVIEW)
    draft.post("later")
    with time_machine.travel(draft.stored().expires_at - timedelta(days=1), tick=False):
        tasks.expire_due()
    walked = Registrant("203.0.113.12")
    walked.begin()
    walked.welcome()
    walked.profile(email_domains="aurora.example", contact_email="kim@aurora.example")
    walked.select_oneself()
    walked.one_time_password()
    walked.select_application_administrators()
    walked.submit()
    registration = walked.stored()
    links.mail_to(VISITOR, registration.contact_email)
    review.claim(world.operator, registration)
    for question in ("Which city?", "And which street?"):
        review.ask(world.operator, Registration.objects.get(pk=registration.pk), question=question)
        if question == "Which city?":
            answers.answer(VISITOR, Registration.objects.get(pk=registration.pk), text="York.")
    with time_machine.travel(timezone.now() + timedelta(days=7), tick=False):
        tasks.expire_due()
    withdrawal.withdraw(VISITOR, Registration.objects.get(pk=registration.pk))


def decide(world: World) -> None:
    late = submitted("Late Ltd", named=["late@newco.example"], due_at=timezone.now() - timedelta(days=3))
    with time_machine.travel("2027-03-03 11:00:00Z", tick=False):
        tasks.tell_overdue()
    approval.deny(world.operator, late, reason="We could not find you.")
    unanswered = submitted("Silent Ltd", named=["silent@newco.example"])
    review.ask(world.operator, unanswered, question="Are you there?")
    with time_machine.travel(timezone.now() + timedelta(days=60), tick=False):
        tasks.expire_due()
    for legal_name, verb in (("Approved Ltd", approval.approve), ("Merged Ltd", approval.merge)):
        registration = submitted(legal_name, named=[f"new@{legal_name[:5].lower()}.example"])
        name(registration, world.employee.user.email)
        if verb is approval.merge:
            approval.merge(world.operator, registration, organization=world.elsewhere)
        else:
            approval.approve(world.operator, registration)


def join(world: World) -> None:
    for person in ("approved", "denied", "expired", "known"):
        joiner = Joiner(f"203.0.113.{40 + len(person)}")
        known = worlds.user("Kate").email if person == "known" else f"{person}@aurora.example"
        template = "join_known" if person == "known" else "join_confirm"
        request = joiner.asks(world.aurora, template=template, email=known)
        if person in {"approved", "known"}:
            join_decisions.approve(worlds.acting(world.inviter), request)
        elif person == "denied":
            join_decisions.deny(worlds.acting(world.inviter), request, reason="Nobody here knows you.")
        else:
            with time_machine.travel(request.expires_at + timedelta(days=1), tick=False):
                tasks.expire_due()


def administer(world: World) -> None:
    olivia = worlds.acting(world.inviter)
    handed = users.add(
        olivia, first_name="Una", last_name="User", email="una@aurora.example", one_time_password=ONE_TIME_PASSWORD
    )
    users.reissue(olivia, membership=handed.membership, one_time_password=ONE_TIME_PASSWORD)
    let_in_by_password()
    come_in_first(VISITOR, handed.membership.user, ONE_TIME_PASSWORD, password="lantern orchard velvet 4821")
    with_app(handed.membership.user)
    lost = factor_resets.ask(VISITOR, user=handed.membership.user, message="It fell into the harbour.")
    factor_resets.vouch(olivia, reset=lost, how="Called back.")
    factor_resets.complete(world.operator, reset=lost, reason="Vouched for.")
    change_decisions.approve(world.operator, changes.change_profile(world, city="Topeka"))
    change_decisions.deny(world.operator, changes.change_profile(world, city="Derby"), reason="The register differs.")
    change_decisions.approve(world.operator, changes.ask_for(world, appoint=[world.approver]))
    organizations.suspend(world.operator, world.elsewhere, reason="A fee is open.")
    organizations.reactivate(world.operator, world.elsewhere, reason="It was paid.")
    shut = worlds.company("Shut Ltd")
    worlds.member(shut, "Shirin", Role.OA)
    organizations.suspend(world.operator, shut, reason="It merges.")
    organizations.close(world.operator, shut, reason="It has merged.")


def test_every_link_of_every_mail_leads_to_a_page(world: World) -> None:
    everything_is_mailed(world)

    mails = list(Mail.objects.filter(template__startswith="orgs/"))
    expected = {template for template in mail_samples.templates() if template.startswith("orgs/")}
    assert {mail.template for mail in mails} == expected
    events = set(AuditEvent.objects.exclude(action=OPENED).values_list("pk", flat=True))
    queued = Mail.objects.count()

    for mail in mails:
        rendered = render(mail)
        assert LINK.findall(rendered.text), mail.template
        for path in set(LINK.findall(rendered.text + rendered.html)):
            assert look(Client(), path) in {HTTPStatus.OK, HTTPStatus.GONE}, (mail.template, path)
            assert look(signed_in(mail.to), path) in {HTTPStatus.OK, HTTPStatus.GONE}, (mail.template, path, mail.to)

    assert set(AuditEvent.objects.exclude(action=OPENED).values_list("pk", flat=True)) == events
    assert Mail.objects.count() == queued


def look(client: Client, path: str) -> int:
    """What a scanner's two looks and a person's lead to in the end."""
    assert client.head(path).status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    first, second = (client.get(path, follow=True).status_code for _ in range(2))
    assert first == second
    return first


def signed_in(email: str) -> Client:
    """The reader's browser; nobody has signed in where the address is nobody's."""
    client = Client()
    reader = User.objects.filter(email=email).first()
    if reader and reader.is_active:
        client.force_login(reader)
    return client
