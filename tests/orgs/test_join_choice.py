"""Asking to join: the choice of the organisation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.errors import Invalid
from core.outbox import render
from orgs.models import JoinRequest, JoinRequestState, Organization, OrganizationState
from orgs.services import join_requests
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.joiner import Joiner, suggested, with_domain
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[..., Client]


def test_organisations_of_the_confirmed_domain_are_suggested(world: World, confirmed: Joiner) -> None:
    with_domain(world.aurora, "aurora.example", "aurora.test")
    with_domain(world.elsewhere, "elsewhere.example")

    assert suggested(confirmed) == [str(world.aurora.pk)]


@pytest.mark.parametrize("stopped", [OrganizationState.PENDING, OrganizationState.SUSPENDED, OrganizationState.CLOSED])
def test_only_active_organisations_are_suggested(world: World, confirmed: Joiner, stopped: str) -> None:
    with_domain(world.aurora, "aurora.example")
    Organization.objects.filter(pk=world.aurora.pk).update(state=stopped)

    assert suggested(confirmed) == []
    assert confirmed.choose(suggested=str(world.aurora.pk)).status_code == 422
    assert confirmed.choose(organization_id=world.aurora.organization_id).status_code == 422


def test_a_free_mail_service_suggests_nobody(world: World, joiner: Joiner) -> None:
    with_domain(world.aurora, "gmail.com")
    joiner.start(email="nia@gmail.com")
    joiner.open_mail()
    joiner.confirm()

    assert suggested(joiner) == []


def test_the_chosen_one_gets_a_mail_and_the_page_says_who_is_next(world: World, confirmed: Joiner) -> None:
    with_domain(world.aurora, "aurora.example")

    page = confirmed.client.post(f"{confirmed.page}organization/", {"suggested": str(world.aurora.pk)}, follow=True)

    assert "Next: an Organization Administrator of Aurora Aerospace &amp; Sons" in page.content.decode()
    assert [mail.to for mail in worlds.mails("join_requested")] == [world.inviter.user.email]
    assert "I work in design." in render(worlds.mails("join_requested")[0]).text
    assert confirmed.stored().organization == world.aurora


def test_somebody_elses_suggestion_cannot_be_chosen(world: World, confirmed: Joiner) -> None:
    with_domain(world.aurora, "aurora.example")

    assert confirmed.choose(suggested=str(world.elsewhere.pk)).status_code == 422
    assert confirmed.stored().organization is None


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{lower}", "{bare}"])
def test_an_organization_id_is_taken_however_it_is_written(world: World, confirmed: Joiner, spelling: str) -> None:
    public = world.elsewhere.organization_id
    typed = spelling.format(public, lower=public.lower(), bare=public.removeprefix("ORG-").replace("-", " "))

    assert confirmed.choose(organization_id=typed).status_code == 302
    assert confirmed.stored().organization == world.elsewhere


@pytest.mark.parametrize("typed", ["ORG-2222-2222", "nonsense", "ORG-", "ＯＲＧ", "<script>", "ORG-2222-222222"])
def test_unknown_and_wrong_ids_get_one_sentence(world: World, confirmed: Joiner, typed: str) -> None:
    page = confirmed.choose(organization_id=typed)

    assert page.status_code == 422
    assert "There is no organisation with this Organization ID." in page.content.decode()


def test_ids_cannot_be_tried_one_after_the_other(world: World, confirmed: Joiner) -> None:
    tries = [confirmed.choose(organization_id=f"ORG-2222-22{number}").status_code for number in range(22, 33)]

    assert tries == [422] * 10 + [429]


def test_nothing_chosen_is_an_error(world: World, confirmed: Joiner) -> None:
    assert confirmed.choose().status_code == 422
    with_domain(world.aurora, "aurora.example")
    page = confirmed.choose()
    assert page.status_code == 422
    assert "Choose an organisation, or enter its Organization ID." in page.content.decode()


def test_a_user_of_the_organisation_is_told_so_once_confirmed(world: World, joiner: Joiner) -> None:
    joiner.start(email=world.employee.user.email)
    joiner.open_mail("join_known")
    joiner.confirm()

    page = joiner.choose(organization_id=world.aurora.organization_id)

    assert page.status_code == 422
    assert "You are a user of Aurora Aerospace &amp; Sons already." in page.content.decode()
    assert joiner.choose(organization_id=world.elsewhere.organization_id).status_code == 302


def test_the_same_organisation_is_asked_once_at_a_time(world: World) -> None:
    Joiner("203.0.113.60").asks(world.aurora)
    second = Joiner("203.0.113.61")
    second.start()
    second.open_mail()
    second.confirm()

    page = second.client.post(
        f"{second.page}organization/", {"organization_id": world.aurora.organization_id}, follow=True
    )

    assert "You have asked Aurora Aerospace &amp; Sons already" in page.content.decode()
    assert JoinRequest.objects.filter(state=JoinRequestState.REQUESTED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_of_one_person_at_once_are_one(world: World) -> None:
    requests = []
    for number in (60, 61):
        joiner = Joiner(f"203.0.113.{number}")
        joiner.start()
        requests.append(join_requests.confirm(VISITOR, joiner.stored()))

    outcomes = at_once(
        [
            lambda request=request: join_requests.ask(  # type: ignore[misc]
                VISITOR, request, organization_id=world.aurora.organization_id
            )
            for request in requests
        ]
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
    assert len(worlds.mails("join_requested")) == 1


def test_a_service_call_without_a_choice_is_refused(world: World, confirmed: Joiner) -> None:
    with pytest.raises(Invalid):
        join_requests.ask(VISITOR, confirmed.stored())
