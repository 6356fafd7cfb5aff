"""The operator's index counts what waits for staff."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from core import back_office
from core.actor import Actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_office, "_counters", [])


def test_the_index_shows_every_count_as_a_link_to_its_list(client: Client, clerk: User) -> None:
    back_office.counter("Dogs to walk", "admin:core_mail_changelist", lambda _: 1234, query="a=b&c=d")
    page = client.get("/admin/").content.decode()
    assert "Dogs to walk" in page
    assert "1,234" in page
    assert 'href="/admin/core/mail/?a=b&amp;c=d"' in page


def test_counts_stand_in_their_order_and_nothing_waiting_is_no_warning() -> None:
    back_office.counter("Later", "admin:index", lambda _: 1, order=2)
    back_office.counter("Sooner", "admin:index", lambda _: 0, order=1)
    shown = back_office.waiting(Actor.system("test"))
    assert [(entry.label, entry.tone) for entry in shown] == [("Sooner", "neutral"), ("Later", "warning")]


def test_a_counter_said_twice_is_shown_once() -> None:
    back_office.counter("Dogs", "admin:index", lambda _: 1)
    back_office.counter("Dogs", "admin:index", lambda _: 2)
    assert [entry.count for entry in back_office.waiting(Actor.system("test"))] == [2]
