"""Keyset pagination: every row once, whatever arrives meanwhile."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Mail
from core.pagination import paginate

pytestmark = pytest.mark.django_db

NOON, KEY = "2026-01-01T12:00:00+00:00", "00000000-0000-0000-0000-000000000000"
BENT = [
    base64.urlsafe_b64encode(text.encode()).decode()
    for text in (
        json.dumps([NOON, "x"]),
        json.dumps([NOON, 7]),
        json.dumps(["2026-01-01T12:00:00", KEY]),
        json.dumps(["2026-13-01T12:00:00+00:00", KEY]),
        json.dumps(["0001-01-01T00:00:00+23:59", KEY]),
        json.dumps(["9999-12-31T23:59:59-23:59", KEY]),
        "[" * 10_000,
    )
]


@pytest.fixture
def mails() -> list[Mail]:
    now = timezone.now()
    made = Mail.objects.bulk_create(Mail(template="t", to="a@example.com") for _ in range(7))
    for index, mail in enumerate(made):  # two by two of one moment, so that the key breaks ties
        Mail.objects.filter(pk=mail.pk).update(created_at=now - timedelta(minutes=index // 2))
    return list(Mail.objects.order_by("-created_at", "-id"))


def walk(size: int) -> list[Mail]:
    seen: list[Mail] = []
    cursor = ""
    while True:
        page = paginate(Mail.objects.all(), cursor=cursor, size=size)
        seen += page.rows
        cursor = page.next_cursor
        if not cursor:
            return seen


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_walking_the_pages_shows_every_row_once_in_order(mails: list[Mail], size: int) -> None:
    assert walk(size) == mails


def test_a_row_that_arrives_meanwhile_moves_nothing(mails: list[Mail]) -> None:
    first = paginate(Mail.objects.all(), size=3)
    Mail.objects.create(template="t", to="new@example.com")
    second = paginate(Mail.objects.all(), cursor=first.next_cursor, size=3)
    assert [*first.rows, *second.rows] == mails[:6]


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "e30", "W10", "WzEsMl0", "WyJub3doZXJlIiwgIngiXQ", "ä", *BENT])
def test_a_bent_cursor_starts_anew(mails: list[Mail], cursor: str) -> None:
    page = paginate(Mail.objects.all(), cursor=cursor, size=3)
    assert list(page.rows) == mails[:3]
    assert page.is_first
