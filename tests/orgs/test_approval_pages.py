"""What came of a decision, in the back office: there to look at and not to change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.test import Client

from orgs.models import Registration
from orgs.services import approval
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(world: World) -> Registration:
    return submissions.submitted(invitation=worlds.invite(world))


@pytest.mark.parametrize("model", ["organization", "membership", "application"])
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
