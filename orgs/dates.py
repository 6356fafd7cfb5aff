"""Dates as mails and timelines say them."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def in_words(moment: datetime | None) -> str:
    """``Tuesday 24 November 2026, 15:00 (UTC)`` in the operator's time zone; empty for ``None``."""
    if moment is None:
        return ""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    return f"{date_format(local, 'l j F Y, H:i')} ({local.tzname()})"
