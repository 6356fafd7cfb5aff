"""Links as mail clients leave them: wrapped, with punctuation behind them, with parameters of somebody who counts clicks."""

from __future__ import annotations

import re
from urllib.parse import unquote

# What ``core.tokens.secret_of`` makes: 256 bits in base64url.
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
# Where a secret that was glued to something else ends.
_BEHIND = re.compile(r"[/?&#;]")


def secret_in(text: str) -> str:
    """The secret in what stands in a link's place; empty where there is none.

    Only what cannot be part of a secret is removed: spaces, line breaks (``=`` in quoted-printable), punctuation, and what
    follows ``?``, ``&`` or ``/``. Upper and lower case are kept, so no other secret than the one that was sent comes out.
    """
    glued = _BEHIND.split(unquote(text), maxsplit=1)[0]
    secret = re.sub(r"[^A-Za-z0-9_-]", "", glued)
    return secret if _SECRET.fullmatch(secret) else ""
