"""What runs by the clock: every task is there, and none is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from captcha.models import CaptchaStore
from django.conf import settings
from django.utils import timezone

from core import tokens
from core.models import Token
from core.tasks import sweep_ended
from mag_portal.celery import app

ROOMS = ("core", "accounts", "orgs", "transfers", "sft")


@pytest.fixture
def tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if name.startswith(ROOMS)}


@pytest.fixture
def scheduled() -> set[str]:
    return {entry["task"] for entry in app.conf.beat_schedule.values()}


def test_what_the_schedule_names_exists(tasks: set[str], scheduled: set[str]) -> None:
    assert scheduled <= tasks


def test_every_task_is_on_the_schedule_or_woken_by_its_name(tasks: set[str], scheduled: set[str]) -> None:
    sources = [path.read_text() for room in ROOMS for path in (Path(settings.BASE_DIR) / room).rglob("*.py")]
    woken = {task for task in tasks if any(f'"{task}"' in source for source in sources)}
    assert tasks == woken | scheduled


@pytest.mark.django_db
def test_the_hourly_sweep_deletes_what_has_ended_and_keeps_the_rest() -> None:
    now = timezone.now()
    living = {_token(timedelta(hours=1)), _token(timedelta(days=-89))}
    _token(timedelta(days=-91))
    for key, left in (("living", timedelta(hours=1)), ("ended", timedelta(hours=-1))):
        CaptchaStore.objects.create(challenge=key, response=key, hashkey=key, expiration=now + left)

    sweep_ended()

    assert set(Token.objects.values_list("id", flat=True)) == living
    assert [captcha.hashkey for captcha in CaptchaStore.objects.all()] == ["living"]


def _token(lifetime: timedelta) -> UUID:
    return tokens.issue("test", UUID(int=1), lifetime=lifetime).id
