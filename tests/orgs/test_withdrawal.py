"""Taking a registration back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from core.errors import Conflict
from core.models import AuditEvent
from orgs.models import Registration, RegistrationState
from orgs.services import approval, review
from orgs.services.registrations import withdrawal
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.questions import link_of, state
from tests.orgs.registrant import Registrant
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db


def test_withdrawing_takes_a_page_and_a_press(world: World, submitted: Registration) -> None:
    url = f"{link_of(submitted)}withdraw/"
    assert "Withdraw this registration?" in Client().get(url).content.decode()
    assert state(submitted) == RegistrationState.SUBMITTED

    response = Client().post(url, {"reason": "Not needed."}, follow=True)

    assert "The registration is withdrawn." in response.content.decode()
    assert state(submitted) == RegistrationState.WITHDRAWN
    assert not submitted.administrators.exclude(one_time_password_hash="").exists()
    assert [mail.to for mail in worlds.mails("registration_withdrawn")] == ["kim@newco.example"]
    assert not worlds.mails("registration_withdrawn_staff"), "nobody has it on their desk"
    assert AuditEvent.objects.get(action="orgs.registration.withdraw").reason == "Not needed."


def test_whoever_has_it_on_their_desk_hears_of_a_withdrawal(world: World, asked: Registration) -> None:
    review.claim(world.operator, asked)

    withdrawal.withdraw(VISITOR, asked)

    assert [mail.to for mail in worlds.mails("registration_withdrawn_staff")] == [world.staff.email]
    assert state(asked) == RegistrationState.WITHDRAWN


@pytest.mark.parametrize("decided", ["approved", "denied", "expired", "withdrawn", "merged"])
def test_what_is_decided_cannot_be_withdrawn(world: World, submitted: Registration, decided: str) -> None:
    Registration.objects.filter(pk=submitted.pk).update(
        state=decided, organization=world.aurora, denial_reason="No.", decided_at=timezone.now()
    )
    submitted.refresh_from_db()

    response = Client().post(f"{link_of(submitted)}withdraw/", {"reason": ""}, follow=True)

    assert "There is nothing to withdraw any more." in response.content.decode()
    with pytest.raises(Conflict):
        withdrawal.withdraw(VISITOR, submitted)
    assert state(submitted) == decided
    assert not worlds.mails("registration_withdrawn")


def test_a_withdrawn_registration_leaves_the_invitation_to_be_used_again(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    landing = f"/invitation/{worlds.secret_of(invitation)}/"
    first = registrant.submitted(landing)
    withdrawal.withdraw(VISITOR, first)

    second = Registrant("203.0.113.77").begin(landing)

    assert second.pk != first.pk
    assert second.invitation == invitation


@pytest.mark.django_db(transaction=True)
def test_withdrawn_and_approved_at_once_is_one_of_the_two(world: World, registrant: Registrant) -> None:
    registration = registrant.submitted()

    outcomes = at_once(
        [
            lambda: withdrawal.withdraw(VISITOR, registration),
            lambda: approval.approve(world.operator, registration),
        ]
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
    assert state(registration) in {RegistrationState.WITHDRAWN, RegistrationState.APPROVED}
