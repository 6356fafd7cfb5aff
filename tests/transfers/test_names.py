"""Names at download: saved under on any system, saying what the file is."""

from __future__ import annotations

import pytest

from transfers.downloads.headers import disposition
from transfers.names import ascii_filename, safe_filename


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("plain.txt", "plain.txt"),
        ("résumé.pdf", "résumé.pdf"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "file"),
        ("a\\b:c*d?.txt", "a_b_c_d_.txt"),
        ('quo"te\r\nSet-Cookie: x.txt', "quo_te__Set-Cookie_ x.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("console.log", "console.log"),
        ("trailing. . ", "trailing"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a" * 300 + ".step", "a" * 250 + ".step"),
        ("é" * 200, "é" * 127),
    ],
)
def test_a_name_is_safe_to_save_under(name: str, safe: str) -> None:
    assert safe_filename(name) == safe
    assert len(safe_filename(name).encode()) <= 255


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("résumé.pdf", "resume.pdf"),
        ("図面", "file"),
        ("図面.step", "file.step"),
        ("図面.図", "file"),
        (".図", "file"),
        (".bashrc", ".bashrc"),
    ],
)
def test_old_clients_get_a_plain_name(name: str, plain: str) -> None:
    assert ascii_filename(name) == plain


def test_the_header_carries_both_names() -> None:
    expected = "attachment; filename=\"100_ resume.pdf\"; filename*=UTF-8''100%25%20r%C3%A9sum%C3%A9.pdf"
    assert disposition("100% résumé.pdf") == expected


@pytest.mark.parametrize("opening", ["\uff02", "\uff3c\uff02"])
def test_a_wide_quotation_mark_does_not_end_the_plain_name(opening: str) -> None:
    """A file that its recipients see as a text must not be saved as a program."""
    header = disposition(f"a{opening}; filename\uff0a=UTF-8''evil.exe; x=\uff02.txt")
    plain = header.removeprefix('attachment; filename="').partition('"')[0]
    assert header.count('"') == 2
    assert plain.endswith(".txt")


def test_a_wide_slash_is_none_in_the_plain_name() -> None:
    assert ascii_filename("..\uff0f..\uff3cevil.txt") == ".._.._evil.txt"
