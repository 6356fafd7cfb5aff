"""Several registrations at once: each by the same rules as one, and each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from core.errors import DomainError, Invalid
from core.http import Request
from orgs import access, queue
from orgs.admin.registrations import page
from orgs.forms.review import DenialForm
from orgs.models import Registration
from orgs.services import approval, review

_NAMED = 10


@admin.action(description="Claim", permissions=["view"])
def claim(model_admin: Any, request: HttpRequest, queryset: QuerySet[Registration]) -> None:  # noqa: ARG001 - Django's
    _each(cast("Request", request), review.claim, "Yours now")


@admin.action(description="Release", permissions=["view"])
def release(model_admin: Any, request: HttpRequest, queryset: QuerySet[Registration]) -> None:  # noqa: ARG001 - Django's signature
    _each(cast("Request", request), review.release, "Released")


@admin.action(description="Approve…", permissions=["view"])
def approve(model_admin: Any, request: HttpRequest, queryset: QuerySet[Registration]) -> HttpResponse | None:  # noqa: ARG001 - Django's signature
    """Show what would be approved and what cannot be; once confirmed, approve."""
    seen = cast("Request", request)
    chosen = _chosen(seen)
    if not request.POST.get("confirmed"):
        return _confirmation(seen, chosen, action="approve")
    _report(seen, "Approved", approval.approve_many(seen.actor, chosen))
    return None


@admin.action(description="Deny…", permissions=["view"])
def deny(model_admin: Any, request: HttpRequest, queryset: QuerySet[Registration]) -> HttpResponse | None:  # noqa: ARG001 - Django's signature
    """Ask for the one reason of all of them; then deny."""
    seen = cast("Request", request)
    chosen = _chosen(seen)
    form = DenialForm(request.POST if request.POST.get("confirmed") else None, auto_id="denial_%s")
    if not form.is_valid():
        return _confirmation(seen, chosen, action="deny", form=form)
    try:
        _report(seen, "Denied", approval.deny_many(seen.actor, chosen, **form.cleaned_data))
    except Invalid as refusal:
        messages.warning(request, refusal.summary)
    return None


def _chosen(request: Request) -> list[Registration]:
    """What was ticked, by due time, also what a colleague has decided since: it is reported and not left out."""
    ticked = access.registrations(request.actor).filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
    return list(queue.with_matches(ticked).prefetch_related(*queue.PEOPLE).order_by("due_at", "id"))


def _confirmation(
    request: Request, chosen: Sequence[Registration], *, action: str, form: DenialForm | None = None
) -> HttpResponse:
    assert isinstance(request.user, User), "admin_view lets in nobody else"  # noqa: S101 - for the type checker
    hindered = queue.hindrances(request.actor, request.user, chosen) if action == "approve" else {}
    context = {
        "title": "Approve these registrations?" if action == "approve" else "Deny these registrations?",
        "action": action,
        "form": form,
        "chosen": [
            {
                "registration": row,
                "findings": queue.warnings(row),
                "hindrance": hindered.get(row.pk, ""),
            }
            for row in chosen
        ],
        "possible": len(chosen) - len(hindered),
    }
    return page.answer(
        request, "bulk.html", context, status=Invalid.status if form is not None and form.errors else 200
    )


def _each(request: Request, act: Callable[..., object], done: str) -> None:
    outcomes = []
    for registration in _chosen(request):
        try:
            act(request.actor, registration)
        except DomainError as refusal:
            outcomes.append(approval.Outcome(registration, refusal.summary))
        else:
            outcomes.append(approval.Outcome(registration))
    _report(request, done, outcomes)


def _report(request: Request, done: str, outcomes: Sequence[approval.Outcome]) -> None:
    """One message for all that were done, and one for each that was not."""
    succeeded = [outcome for outcome in outcomes if not outcome.refusal]
    if succeeded:
        messages.success(request, format_html("{} ({}): {}", done, len(succeeded), _names(succeeded)))
    for outcome in outcomes:
        if outcome.refusal:
            messages.warning(request, format_html("{}: {}", outcome.registration, outcome.refusal))


def _names(outcomes: Sequence[approval.Outcome]) -> SafeString:
    named = format_html_join(", ", "{}", ((outcome.registration,) for outcome in outcomes[:_NAMED]))
    more = len(outcomes) - _NAMED
    return format_html("{} and {} more", named, more) if more > 0 else named
