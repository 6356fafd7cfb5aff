"""The rule for one's own password in words, in the form that ``secret_rules.js`` and ``strength.js`` read while one types."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.functional import lazy
from django.utils.safestring import SafeString

from accounts.services.password_policy import LONGEST
from accounts.validators import ENOUGH_OF_ITS_OWN, GATEWAY_WORDS


def _in_words() -> SafeString:
    context = {
        "minimum": settings.PASSWORD_MINIMUM_LENGTH,
        "longest": LONGEST,
        "own": ENOUGH_OF_ITS_OWN,
        "words": "|".join((*GATEWAY_WORDS, settings.OPERATOR_NAME)),
    }
    return render_to_string("accounts/password_rules.html", context)


# Rendered when a page is, in its language.
in_words = lazy(_in_words, SafeString)
