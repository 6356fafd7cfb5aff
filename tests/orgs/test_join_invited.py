"""Asking to join by an invitation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from core.errors import Gone
from orgs.models import Invitation
from orgs.services import join_requests
from tests.orgs import world as worlds
from tests.orgs.joiner import PERSON, Joiner
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[..., Client]


@pytest.fixture
def invitation(world: World) -> Invitation:
    return worlds.invite(world, email="kim@newco.example")


def joining(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/join/"


def test_by_an_invitation_the_form_is_filled_in_and_bound_to_its_address(
    world: World, joiner: Joiner, invitation: Invitation
) -> None:
    page = joiner.client.get(joining(invitation)).content.decode()

    joiner.start(joining(invitation), email="thief@elsewhere.example")

    assert 'value="Kim"' in page
    assert 'value="kim@newco.example"' in page
    assert joiner.stored().email == "kim@newco.example"
    assert joiner.stored().invitation == invitation


def test_where_a_colleague_is_allowed_another_address_may_ask(
    world: World, joiner: Joiner, invitation: Invitation
) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(colleague_allowed=True)

    joiner.start(joining(invitation), email="lee@newco.example")

    assert joiner.stored().email == "lee@newco.example"


def test_looking_at_the_form_changes_nothing_of_the_invitation(
    world: World, joiner: Joiner, invitation: Invitation
) -> None:
    before = Invitation.objects.values().get(pk=invitation.pk)

    joiner.client.get(joining(invitation))

    assert Invitation.objects.values().get(pk=invitation.pk) == before


def test_an_ended_invitation_leads_to_its_page(world: World, joiner: Joiner, invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())

    reply = joiner.start(joining(invitation))

    assert reply.status_code == 302
    assert reply.headers["Location"] == joining(invitation).removesuffix("join/")
    with pytest.raises(Gone):
        invitation.refresh_from_db()
        join_requests.start(VISITOR, **PERSON, invitation=invitation)


def test_the_way_in_is_where_people_look_for_it(world: World, invitation: Invitation) -> None:
    for url in ("/sign-in/", "/register/", "/help/registration/"):
        assert 'href="/join/"' in Client().get(url).content.decode(), url
