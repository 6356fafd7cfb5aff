"""Asking to join when it cannot be counted, or was asked too often: the form comes back as it was typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orgs.models import JoinRequest
from orgs.services import join_requests
from tests.orgs.joiner import PERSON, Joiner

pytestmark = pytest.mark.django_db


def is_kept(answer: Any) -> bool:
    return all(typed in answer.content.decode() for typed in PERSON.values())


def test_without_redis(no_redis: None) -> None:
    refused = Joiner().start()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert "wait a minute and try again" in refused.content.decode()
    assert is_kept(refused)
    assert not JoinRequest.objects.exists()


def test_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join_requests, "TO_ADDRESS", replace(join_requests.TO_ADDRESS, rate="1/hour"))

    first, second = Joiner().start(), Joiner().start()

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) > 0
    assert "too many tries" in second.content.decode()
    assert is_kept(second)
