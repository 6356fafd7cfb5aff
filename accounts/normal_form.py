"""One form for every secret a person types, so that keyboards and systems that compose characters differently agree."""

from __future__ import annotations

import unicodedata


def normal_form(secret: str) -> str:
    """``secret`` in NFKC (NIST SP 800-63B, 3.1.1.2). Nothing is trimmed and no letter changes its case."""
    return unicodedata.normalize("NFKC", secret)
