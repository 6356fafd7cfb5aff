"""Administration → Users → a user → the name: who corrects it, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from core.models import AuditEvent, Mail
from core.outbox import render
from orgs.models import Membership
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[..., Client]

NEW = {"first_name": "Emma Rose", "last_name": "Baker-Nováková"}


def url(member: Membership) -> str:
    return f"/administration/users/{member.pk}/name/"


def name_of(member: Membership) -> str:
    return User.objects.get(pk=member.user_id).full_name


def test_an_organization_administrator_corrects_a_name_and_its_owner_hears_of_it(
    world: World, browser_of: BrowserOf
) -> None:
    user_id = world.employee.user.user_id
    response = browser_of(world.inviter).post(url(world.employee), NEW)
    assert response["Location"] == f"/administration/users/{world.employee.pk}/"
    person = User.objects.get(pk=world.employee.user_id)
    assert (person.full_name, person.user_id) == ("Emma Rose Baker-Nováková", user_id)
    (mail,) = Mail.objects.filter(template="accounts/mail/name_corrected")
    assert mail.to == person.email
    assert "it was Emma Baker, and is now Emma Rose Baker-Nováková" in render(mail).text
    (event,) = AuditEvent.objects.filter(action="accounts.user.correct_name")
    assert (event.actor_label, event.organization_id) == (world.inviter.user.user_id, world.aurora.id)
    assert event.data == {"from": "Emma Baker", "to": "Emma Rose Baker-Nováková"}


@pytest.mark.parametrize(("who", "status"), [("approver", 403), ("employee", 403), ("stranger", 404), ("staff", 403)])
def test_nobody_else_does(world: World, browser_of: BrowserOf, who: str, status: int) -> None:
    browser = browser_of(getattr(world, who))
    assert browser.get(url(world.employee)).status_code == status
    assert browser.post(url(world.employee), NEW).status_code == status
    assert name_of(world.employee) == "Emma Baker"


def test_nobody_corrects_their_own(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.inviter)
    assert "Ask another" in browser.get(url(world.inviter)).content.decode()
    assert browser.post(url(world.inviter), NEW).status_code == 403
    assert name_of(world.inviter) == "Olivia Baker"


def test_nobody_corrects_a_name_that_another_organisation_reads_too(world: World, browser_of: BrowserOf) -> None:
    Membership.objects.create(user=world.employee.user, organization=world.elsewhere)
    assert browser_of(world.inviter).post(url(world.employee), NEW).status_code == 403
    assert name_of(world.employee) == "Emma Baker"


@pytest.mark.parametrize(
    "given", [{"first_name": ""}, {"last_name": "   "}, {"first_name": "x" * 81}, {"last_name": "Ba\0ker"}]
)
def test_what_is_no_name_comes_back_with_a_sentence(world: World, browser_of: BrowserOf, given: dict[str, str]) -> None:
    response = browser_of(world.inviter).post(url(world.employee), {**NEW, **given})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(given)
    assert name_of(world.employee) == "Emma Baker"


def test_the_same_name_again_is_no_change(world: World, browser_of: BrowserOf) -> None:
    browser_of(world.inviter).post(url(world.employee), {"first_name": " Emma ", "last_name": "Baker"})
    assert not Mail.objects.filter(template="accounts/mail/name_corrected").exists()
    assert not AuditEvent.objects.filter(action="accounts.user.correct_name").exists()


def test_the_page_of_a_user_leads_there(world: World, browser_of: BrowserOf) -> None:
    page = browser_of(world.inviter).get(f"/administration/users/{world.employee.pk}/").content.decode()
    assert url(world.employee) in page
