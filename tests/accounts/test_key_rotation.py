"""Rotating the keys that encrypt what the gateway must read again."""

from __future__ import annotations

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.models import AuthenticatorApp, User
from accounts.services.factors import authenticator_apps
from core.actor import Actor
from tests.accounts.factors import code_of, with_app
from tests.accounts.stages import events

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_key(settings: LazySettings) -> str:
    settings.FIELD_KEYS = {"old": Fernet.generate_key().decode()}
    return str(settings.FIELD_KEYS["old"])


def _rotate() -> str:
    said = StringIO()
    call_command("rotate_field_keys", stdout=said)
    return said.getvalue()


def test_old_key_can_go_after_a_rotation(person: User, settings: LazySettings, old_key: str) -> None:
    app = with_app(person)
    new_key = Fernet.generate_key().decode()
    settings.FIELD_KEYS = {"new": new_key, "old": old_key}
    assert "1 encrypted again with the key 'new'" in _rotate()
    assert "0 encrypted again" in _rotate()
    settings.FIELD_KEYS = {"new": new_key}
    app.refresh_from_db()
    assert app.key_sealed.startswith("new:")
    authenticator_apps.prove(Actor.anonymous(), user=person, code=code_of(app))
    assert events("accounts.field_keys.rotate")[0].data == {"key": "new", "rotated": 1, "unreadable": {}}


def test_key_that_went_too_early_is_named(person: User, settings: LazySettings, old_key: str) -> None:
    app = with_app(person)
    settings.FIELD_KEYS = {"new": Fernet.generate_key().decode()}
    with pytest.raises(CommandError, match="1 with 'old'"):
        _rotate()
    assert AuthenticatorApp.objects.get(pk=app.pk).key_sealed == app.key_sealed
