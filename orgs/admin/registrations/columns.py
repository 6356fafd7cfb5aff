"""What the queue says of each registration, column by column."""

from __future__ import annotations

from functools import cache

from django.contrib import admin
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from core.templatetags.ui import NOTHING, status_badge, until, when
from orgs import policies, queue
from orgs.models import Registration


@admin.display(description="Organisation", ordering="legal_name")
def company(registration: Registration) -> SafeString:
    """The name, and below it the country."""
    return format_html('{}<span class="small">{}</span>', registration, registration.country.name or "")


@admin.display(description="Primary contact", ordering="contact_email")
def contact(registration: Registration) -> SafeString:
    return format_html(
        '<span>{}<br><span class="quiet small">{}</span></span>', registration.contact_name, registration.contact_email
    )


@admin.display(description="Invited by")
def invited_by(registration: Registration) -> str:
    return registration.invitation.inviting_company if registration.invitation else NOTHING


@admin.display(description="Age", ordering="submitted_at")
def age(registration: Registration) -> SafeString | str:
    """How long ago it was submitted, in one unit; the time itself on hover."""
    if registration.submitted_at is None:
        return NOTHING
    local = timezone.localtime(registration.submitted_at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "DATETIME_FORMAT"),
        timesince(local, depth=1),
    )


@admin.display(description="Due", ordering="due_at")
def due(registration: Registration) -> SafeString | str:
    if registration.state not in policies.UNDER_REVIEW:
        return NOTHING
    if registration.is_overdue:
        return format_html(
            '<strong class="overdue">Overdue</strong> <span class="quiet small">{}</span>', until(registration.due_at)
        )
    return until(registration.due_at)


@admin.display(description="Decided", ordering=F("decided_at").asc(nulls_last=True))
def decided(registration: Registration) -> SafeString | str:
    return when(registration.decided_at)


@admin.display(description="Complete", ordering="completeness")
def complete(registration: Registration) -> SafeString:
    """How much of the profile is filled in, as a bar and in per cent."""
    return format_html(
        '<span class="complete"><progress max="100" value="{0}" aria-hidden="true"></progress> {0} %</span>',
        registration.completeness,
    )


@admin.display(description="Warnings")
def warnings(registration: Registration) -> SafeString | str:
    items = format_html_join(
        "",
        '<li class="status status-{}" title="{}">{}{}</li>',
        ((found.tone, found.detail, _icon(found.mark), found.label) for found in queue.warnings(registration)),
    )
    return format_html('<ul class="findings">{}</ul>', items) if items else NOTHING


@admin.display(description="Assignee", ordering="assigned_to__last_name")
def assignee(registration: Registration) -> str:
    return registration.assigned_to.full_name if registration.assigned_to else NOTHING


@admin.display(description="State", ordering="state")
def standing(registration: Registration) -> SafeString:
    return render_to_string("components/badge.html", status_badge(registration))


@cache
def _icon(name: str) -> SafeString:
    """``{% icon %}``, rendered once for all rows."""
    return render_to_string("components/icon.html", {"name": name})
