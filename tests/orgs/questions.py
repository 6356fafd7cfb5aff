"""A registration after Submit, as its registrant sees it: the link, the page, the question, the clock."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import time_machine
from django.test import Client

from core import tokens
from core.models import Token
from orgs.models import Registration
from orgs.services.registrations.letters import LINK
from orgs.tasks import expire_due
from tests.orgs.registrant import PROFILE

QUESTION = "Which of the two addresses is yours?"


def link_of(registration: Registration) -> str:
    """The path of the newest link, as its addressee reads it."""
    newest = Token.objects.filter(purpose=LINK, subject_id=registration.pk).latest("created_at")
    return f"/registration/{tokens.secret_of(newest)}/"


def page(registration: Registration) -> str:
    answer = Client().get(link_of(registration))
    assert answer.status_code == 200
    return answer.content.decode()


def state(registration: Registration) -> str:
    return Registration.objects.values_list("state", flat=True).get(pk=registration.pk)


def details(**changes: Any) -> dict[str, Any]:
    return {**{key: value for key, value in PROFILE.items() if not key.startswith("contact")}, **changes}


def at(moment: Any, seconds: int) -> Any:
    return time_machine.travel(moment + timedelta(seconds=seconds), tick=False)


def sweep(moment: Any, seconds: int) -> None:
    with at(moment, seconds):
        expire_due()
        expire_due()


def masked(text: str) -> str:
    """A page without what differs each time: tokens and times."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    text = re.sub(r"/registration/[\w-]{20,}/|/registration/nothing-like-it/", "/registration/…/", text)
    return re.sub(r"<time[^>]*>[^<]*</time>", "", text)
