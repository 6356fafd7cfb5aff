"""What a password must not be. Length is the only thing it must have; the rest are sentences that say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.normal_form import normal_form

ENOUGH_OF_ITS_OWN = 8
SHORTEST_KNOWN = 5
SHORTEST_WORD = 3
GATEWAY_WORDS = ("managed access gateway", "secure file transfer", "one time password", "gateway", "mag", "sft")
KEYBOARD_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
SHORTEST_RUN = 4
# A character three times, or anything longer twice, in a row.
_REPETITION = re.compile(r"(.{2,64})\1+|(.)\2{2,}", re.DOTALL)
_EDGE = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class GuessablePasswordValidator(CommonPasswordValidator):
    """Refuses what an attacker tries first (ASVS 5.0, 6.2.4 and 6.2.11; SP 800-171r3, 03.05.07).

    Known passwords with something put around them, repetition and keyboard runs, and the words of the gateway and of the
    person: what remains without these must still be ``ENOUGH_OF_ITS_OWN`` characters.
    """

    def validate(self, password: str, user: object = None) -> None:
        folded = normal_form(password).casefold()
        kernel = _without_repetition(folded)
        if self._knows(folded.strip(), kernel, _EDGE.sub("", kernel)):
            raise ValidationError(
                _(
                    "This is a well-known password, or one with something added to it, and is tried first. "
                    "Put together several words that only you would combine."
                ),
                code="password_too_common",
            )
        if len(kernel) < ENOUGH_OF_ITS_OWN:
            raise ValidationError(
                _(
                    "This is mostly repetition or a run such as 1234 or qwerty, which is quickly guessed. "
                    "Put together several words that only you would combine."
                ),
                code="password_predictable",
            )
        if _is_mostly(_words_around(user), folded):
            raise ValidationError(
                _(
                    "This is mostly your own name or address, or words that belong to this gateway. "
                    "Add words that nobody would connect with you."
                ),
                code="password_too_similar",
            )

    def _knows(self, *forms: str) -> bool:
        return any(len(form) >= SHORTEST_KNOWN and form in self.passwords for form in forms)

    def get_help_text(self) -> str:
        return _("Well-known passwords, runs such as 1234 and your own name are refused.")


def _without_repetition(text: str) -> str:
    """The kernel of ``text``: runs and repetitions shrink to what is repeated, until there is nothing left to shrink."""
    shrunk = _REPETITION.sub(lambda found: found[1] or found[2], "".join(_without_runs(text)))
    return text if shrunk == text else _without_repetition(shrunk)


def _without_runs(text: str) -> Iterator[str]:
    """``text`` with each run (``abcd``, ``4321``, ``qwert``) replaced by its first character."""
    at = 0
    while at < len(text):
        yield text[at]
        length = _run_length(text, at)
        at += length if length >= SHORTEST_RUN else 1


def _run_length(text: str, start: int) -> int:
    end = start + 1
    while end < len(text) and _is_run(text[start : end + 1]):
        end += 1
    return end - start


def _is_run(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1}) or any(text in row or text[::-1] in row for row in KEYBOARD_ROWS)


def _is_mostly(words: set[str], folded: str) -> bool:
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(_EDGE.sub("", _without_repetition(rest))) < ENOUGH_OF_ITS_OWN


def _words_around(user: object) -> set[str]:
    texts = [*GATEWAY_WORDS, settings.OPERATOR_NAME]
    if isinstance(user, User):
        texts += [user.user_id, user.first_name, user.last_name, user.email]
    words = {normal_form(text).casefold() for text in texts}
    words |= {part for word in words for part in re.split(r"[\W_]+", word)}
    return {word for word in words if len(word) >= SHORTEST_WORD}
