"""The one policy for every password, one-time or own: long enough, and not among what is tried first."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.normal_form import normal_form
from core.errors import Invalid

# So that nobody can keep the processors busy with hashing a book.
LONGEST = 256


def check(secret: str, *, user: User, field: str) -> None:
    """Raises ``Invalid`` with every reason, beside ``field``, when ``secret`` is no password for ``user``."""
    secret = normal_form(secret)
    if len(secret) > LONGEST:
        raise Invalid(fields={field: f"This is longer than {LONGEST} characters. A few words are enough."})
    try:
        validate_password(secret, user)
    except ValidationError as refusal:
        raise Invalid(fields={field: " ".join(refusal.messages)}) from refusal
