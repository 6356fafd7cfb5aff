"""Every address of the pages pool, read from its URL conf."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# What production does not have: settings.PRODUCTION takes it out of the URL conf.
NOT_IN_PRODUCTION = ("/styleguide/", "/mail-preview/")
CONVERTER = re.compile(r"<[^>]+>")


def routes() -> list[str]:
    """As they are written in the URL conf: ``/administration/users/<uuid:pk>/``."""
    return sorted({route for route in _below(get_resolver(), "/") if not route.startswith(NOT_IN_PRODUCTION)})


def _below(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + _plain(str(entry.pattern))
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from _below(entry, path)


def _plain(pattern: str) -> str:
    """The admin writes two of its addresses as regular expressions."""
    if pattern.startswith("^"):
        return "<app_label>/" if "app_label" in pattern else ""
    return pattern.replace("(?P<url>.*)$", "<anything>")
