"""``docs/security-points.md``: all 66 points are there, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django import forms as django_forms
from django.conf import settings

from accounts import forms
from accounts.models import User
from accounts.proofs import SECOND_FACTORS, Proof

PAGE = Path(settings.BASE_DIR) / "docs" / "security-points.md"
TESTS = Path(settings.BASE_DIR) / "tests"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", re.MULTILINE)
LISTED = re.compile(r"`([a-z0-9_/]+\.py)`: ((?:`[a-z0-9_]+`(?:, )?)+)")


def points() -> list[tuple[int, str, str]]:
    """Number, what proves it, and what is left open."""
    return [(int(number), proof, left.strip()) for number, _, proof, left in ROW.findall(PAGE.read_text())]


def listed(proof: str) -> list[tuple[str, str]]:
    """File and test, one by one."""
    return [(file, f"test_{name}") for file, names in LISTED.findall(proof) for name in re.findall(r"`(\w+)`", names)]


@cache
def found_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_point_is_there_once_and_in_order() -> None:
    assert [number for number, _, _ in points()] == list(range(1, 67))


@pytest.mark.parametrize(("number", "proof", "left"), points())
def test_what_proves_a_point_exists(number: int, proof: str, left: str) -> None:
    named = listed(proof)
    assert named or left, f"Point {number} has neither a test nor a reason why it is open."
    assert proof.count("`") == 2 * (len(named) + len({file for file, _ in named})), f"Point {number} cannot be read."
    for file, test in named:
        assert (TESTS / file).exists(), f"Point {number}: tests/{file} is not there."
        assert test in found_in(file), f"Point {number}: tests/{file} has no {test}."


# --- Points that are true by what is not there ------------------------------------------------------------------------
def test_nothing_of_an_account_is_a_security_question_or_a_hint() -> None:
    asked = [
        f"{form.__name__}.{name} {field.label}"
        for form in vars(forms).values()
        if isinstance(form, type) and issubclass(form, django_forms.Form)
        for name, field in form.base_fields.items()
    ]
    kept = [field.name for field in User._meta.get_fields()]
    assert asked
    assert not [word for word in (*asked, *kept) if re.search(r"question|hint|maiden|memorable", word, re.IGNORECASE)]


def test_neither_mail_nor_phone_is_a_proof() -> None:
    assert {Proof.AUTHENTICATOR_APP, Proof.PASSKEY, Proof.RECOVERY_CODE} == SECOND_FACTORS
    assert set(Proof) - SECOND_FACTORS == {Proof.PASSWORD, Proof.ONE_TIME_PASSWORD}
