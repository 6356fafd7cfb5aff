"""What was typed behind a mailed link while no link opens stays on the page, and is sent again from there."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from orgs.models import Registration, RegistrationState
from orgs.services import review
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
TYPED = 'Founded in 1921; see "Register B", <page 7>.\nThe owner is Kim & Sons.'


@pytest.fixture
def asked(world: World) -> Registration:
    registration = submissions.submitted()
    review.ask(world.operator, registration, question="Who owns it?")
    return registration


def answer_page() -> str:
    return f"{worlds.link_in(worlds.mails('registration_question')[0], '/registration/')}answer/"


def test_an_answer_is_kept_without_redis(asked: Registration, no_redis: None) -> None:
    refused = Client().post(answer_page(), {"answer": TYPED})

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    kept = re.search(r'name="answer" value="([^"]*)"', refused.content.decode())
    assert kept
    assert html.unescape(kept.group(1)) == TYPED
    asked.refresh_from_db()
    assert asked.state == RegistrationState.INFO_REQUESTED


def test_sent_again_it_is_the_answer(asked: Registration) -> None:
    assert Client().post(answer_page(), {"answer": TYPED}).status_code == 302

    assert asked.questions.get().answer == TYPED
