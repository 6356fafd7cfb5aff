"""E-mail domains and addresses as people type them."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ValidationError

from orgs import mail_domains

MOST_DOMAINS = 20
DISPOSABLE = "This is a throw-away address. Enter one of your organisation, or another one that stays yours."


def domains(value: str) -> list[str]:
    """The e-mail domains in a text that separates them by commas, spaces or lines; an ``@`` before one is forgiven."""
    found: list[str] = []
    for word in re.split(r"[\s,;]+", value.strip().lower()):
        name = word.removeprefix("@").rstrip(".")
        if name and (canonical := _domain(name)) not in found:
            found.append(canonical)
    if len(found) > MOST_DOMAINS:
        raise ValidationError(f"Enter at most {MOST_DOMAINS} domains.")
    return found


def lasting_address(value: str) -> str:
    """An e-mail address, unless it is a throw-away one and the operator refuses these (``REFUSE_DISPOSABLE_MAIL``)."""
    if _is_refused(mail_domains.of(value)):
        raise ValidationError(DISPOSABLE)
    return value


def _domain(name: str) -> str:
    canonical = mail_domains.canonical(name)
    if not canonical:
        raise ValidationError(f"“{name[:60]}” is no e-mail domain. Enter what follows the @, such as example.com.")
    if _is_refused(canonical):
        raise ValidationError(
            f"“{name[:60]}” gives throw-away addresses to anybody. Enter a domain of your organisation."
        )
    return canonical


def _is_refused(domain: str) -> bool:
    return bool(settings.REFUSE_DISPOSABLE_MAIL) and mail_domains.is_disposable(domain)
