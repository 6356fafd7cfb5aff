"""Every event that the gateway writes is said in words: what there is to say is read from the source and the state tables."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from core import states
from core.audit import words

ROOMS = ("core", "accounts", "orgs", "transfers", "sft")
WRITERS = {"record", "record_many"}
# Actions that are put together where they are written.
COMPOSED = {
    "accounts.sign_in.lock",
    "accounts.one_time_password.lost",
    "accounts.contacts.ask",
    *(f"accounts.one_time_password.{why}" for why in ("expire", "exhaust")),
    *(f"orgs.holiday.{verb}" for verb in ("add", "change", "remove")),
    *(f"orgs.{item}.{verb}" for item in ("registration", "changerequest") for verb in ("claim", "release")),
}


def written() -> Iterator[str]:
    """The second argument of each call that writes an event, where it is written out."""
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _name(node.func) in WRITERS and len(node.args) > 1:
                    yield from _texts(node.args[1])


def moved() -> Iterator[str]:
    for machine in states.machines():
        if machine.audited:
            yield from (f"{machine.model._meta.label_lower}.{transition.action}" for transition in machine.transitions)


def test_every_event_has_words() -> None:
    actions = {*written(), *moved(), *COMPOSED}
    assert len(actions) > 120
    assert {action for action in actions if not words.has_sentence(action)} == set()


def test_an_action_stands_in_one_area_only() -> None:
    actions = [action for area in words.areas() for action in area.sentences]
    assert len(actions) == len(set(actions))


def test_words_have_no_end_and_begin_large() -> None:
    said = [str(sentence) for area in words.areas() for sentence in area.sentences.values()]
    assert [sentence for sentence in said if sentence.endswith(".") or not sentence[0].isupper()] == []


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _texts(argument: ast.expr) -> list[str]:
    """A text, or both of ``"a" if … else "b"``."""
    if isinstance(argument, ast.IfExp):
        return [*_texts(argument.body), *_texts(argument.orelse)]
    text = argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""
    return [text] if text.count(".") == 2 else []
