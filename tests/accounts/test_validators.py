"""Which passwords are refused, and with which sentence."""

from __future__ import annotations

import time
import unicodedata

import pytest

from accounts.models import User
from accounts.services import password_policy
from core.errors import Invalid


def refusal_of(secret: str) -> str:
    owner = User(user_id="smithj_4821", first_name="Jordan", last_name="Smith", email="jordan@hawker-precision.example")
    try:
        password_policy.check(secret, user=owner, field="password")
    except Invalid as refusal:
        return refusal.fields["password"]
    return ""


@pytest.mark.parametrize(
    "secret",
    [
        "violet anchors drift at noon",
        "correct horse battery staple",
        "пятнадцать символов",
        "十五個字符的密碼應該被接受才對",
        "   spaces   around   ",
        "🐙🦑🐚🦀🐡🐠🐟🐬🐳🐋🦈🌊🪼🪸🐌",
        "y7" + "".join(chr(0x4E00 + step * 37) for step in range(126)),
        "Tr0ub4dor&3 is not enough",
    ],
)
def test_accepted(secret: str) -> None:
    assert refusal_of(secret) == ""


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("fourteen chars", "too short"),
        ("passwordpassword", "well-known"),
        ("Password12345678!", "well-known"),
        ("Password1Password1", "well-known"),
        ("!!!Sunshine!!!2024", "well-known"),
        ("987654321fedcba987654", "1234 or qwerty"),
        ("qwertyuiopasdfghjkl", "1234 or qwerty"),
        ("aaaaaaaaaaaaaaaabbbb", "1234 or qwerty"),
        ("zxzxzxzxzxzxzxzxzx", "1234 or qwerty"),
        ("jordan.smith@hawker", "your own name"),
        ("smithj_4821smithj_4821", "your own name"),
        ("Exostar Managed Access Gateway", "belong to this gateway"),
        ("x" * 257, "longer than 256"),
    ],
)
def test_refused_with_the_reason(secret: str, reason: str) -> None:
    assert reason in refusal_of(secret)


def test_length_counts_what_is_seen_not_how_it_is_composed() -> None:
    composed = "é" * 5 + "ñü ö å ø"
    assert len(composed) < 15 <= len(unicodedata.normalize("NFD", composed))
    assert "too short" in refusal_of(unicodedata.normalize("NFD", composed))


def test_a_spiteful_password_is_judged_quickly() -> None:
    began = time.perf_counter()
    refusal_of("ab" * 63 + "c" + "ab" * 64)
    refusal_of("a" * 128 + "b" * 128)
    assert time.perf_counter() - began < 1
