"""A setting of the object store that cannot work stops the process at its start and says what to write instead."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

SETTINGS = "mag_portal.settings"
PUBLIC = "https://files.gateway.example"


@pytest.fixture(autouse=True)
def development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAG_ENV", "development")


def read(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> dict[str, Any]:
    """The settings as another process would read them; those of this one stay."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for module in [name for name in sys.modules if f"{name}.".startswith(f"{SETTINGS}.")]:
        monkeypatch.delitem(sys.modules, module)
    return vars(importlib.import_module(SETTINGS))


@pytest.mark.parametrize(
    "variables",
    [
        {"S3_SSE": "AES256"},
        {"S3_SSE": "aws:kms", "S3_SSE_KMS_KEY_ID": "ours"},
        {"S3_OBJECT_LOCK_MODE": "GOVERNANCE", "S3_OBJECT_LOCK_DAYS": "1"},
        {"S3_PLACEMENT": "bucket"},
        {"UPLOAD_DOOR": "direct", "S3_PUBLIC_ENDPOINT_URL": PUBLIC + "/"},
    ],
)
def test_what_can_work_is_taken(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    found = read(monkeypatch, variables)
    for name, value in variables.items():
        assert str(found[name]) == value.rstrip("/")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"S3_SSE": "aes256"}, "S3_SSE "),
        ({"S3_SSE": "AES256", "S3_SSE_KMS_KEY_ID": "ours"}, "S3_SSE_KMS_KEY_ID"),
        ({"S3_OBJECT_LOCK_MODE": "governance", "S3_OBJECT_LOCK_DAYS": "1"}, "S3_OBJECT_LOCK_MODE"),
        ({"S3_OBJECT_LOCK_MODE": "COMPLIANCE"}, "S3_OBJECT_LOCK_DAYS"),
        ({"S3_OBJECT_LOCK_MODE": "COMPLIANCE", "S3_OBJECT_LOCK_DAYS": "-1"}, "S3_OBJECT_LOCK_DAYS"),
        ({"S3_OBJECT_LOCK_DAYS": "1"}, "S3_OBJECT_LOCK_MODE"),
        ({"S3_PLACEMENT": "organisation"}, "S3_PLACEMENT"),
        ({"S3_PLACEMENT": "bucket", "S3_BUCKET": "b" * 47}, "S3_BUCKET"),
        ({"S3_ABANDON_AFTER_DAYS": "7", "UPLOAD_EXPIRES_AFTER_DAYS": "7"}, "S3_ABANDON_AFTER_DAYS"),
        ({"UPLOAD_DOOR": "tus"}, "UPLOAD_DOOR"),
        ({"UPLOAD_DOOR": "direct"}, "S3_PUBLIC_ENDPOINT_URL"),
        ({"S3_PUBLIC_ENDPOINT_URL": PUBLIC + "/files"}, "without a path"),
        ({"S3_PUBLIC_ENDPOINT_URL": "files.gateway.example"}, "S3_PUBLIC_ENDPOINT_URL"),
    ],
)
def test_what_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=named):
        read(monkeypatch, variables)


def test_pages_may_send_to_the_store_s_public_address_and_to_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = read(monkeypatch, {})["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["connect-src"]
    found = read(monkeypatch, {"S3_PUBLIC_ENDPOINT_URL": PUBLIC})["CONTENT_SECURITY_POLICY"]["DIRECTIVES"][
        "connect-src"
    ]
    assert found == [*closed, PUBLIC]
