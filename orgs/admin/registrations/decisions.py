"""What the buttons of a registration's page do: one service call each, and on to the next that waits."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from core.errors import DomainError, Invalid
from core.forms import show_refusal
from core.http import Request
from core.templatetags.ui import when
from orgs import access, queue
from orgs.admin.registrations import page
from orgs.forms.review import DenialForm, MergeForm, NoteForm, QuestionForm
from orgs.models import Registration
from orgs.services import approval, review

View = Callable[..., HttpResponse]


def urls(guard: Callable[[View], View]) -> list[URLPattern]:
    """The addresses of the buttons; ``guard`` lets staff in."""
    posted: dict[str, View] = {
        "approve": approve,
        "take-back": take_back,
        "deny": deny,
        "ask": ask,
        "claim": claim,
        "release": release,
        "note": note,
    }
    name = "orgs_registration_{}".format
    return [
        *(
            path(f"<uuid:pk>/{verb}/", guard(require_POST(view)), name=name(verb.replace("-", "_")))
            for verb, view in posted.items()
        ),
        path("<uuid:pk>/merge/", guard(require_POST(find_organization)), name=name("find_organization")),
        path(
            "<uuid:pk>/merge/<uuid:organization_pk>/",
            guard(require_http_methods(["GET", "HEAD", "POST"])(merge)),
            name=name("merge"),
        ),
    ]


def approve(request: Request, pk: UUID) -> HttpResponse:
    registration = access.registration(request.actor, pk)
    try:
        organization = approval.approve(request.actor, registration)
    except DomainError as refusal:
        return _refused(request, registration, refusal)
    if organization is None:
        return _onward(request, registration, "has your approval. A second person has to approve it too.")
    return _onward(request, registration, f"is approved as {organization.organization_id}. The mails are on their way.")


def take_back(request: Request, pk: UUID) -> HttpResponse:
    registration = access.registration(request.actor, pk)
    return _stay(
        request, registration, lambda: approval.take_back(request.actor, registration), "Your approval is taken back."
    )


def deny(request: Request, pk: UUID) -> HttpResponse:
    registration = page.find(request, pk)
    form = DenialForm(request.POST, auto_id="denial_%s")
    try:
        if not _accepted(form, lambda: approval.deny(request.actor, registration, **form.cleaned_data)):
            return page.detail(request, registration, denial=form)
    except DomainError as refusal:
        return _refused(request, registration, refusal)
    return _onward(request, registration, "is denied. The reason is on its way to the registrant.")


def ask(request: Request, pk: UUID) -> HttpResponse:
    registration = page.find(request, pk)
    form = QuestionForm(request.POST, auto_id="question_%s")
    try:
        if not _accepted(form, lambda: review.ask(request.actor, registration, **form.cleaned_data)):
            return page.detail(request, registration, question=form)
    except DomainError as refusal:
        return _refused(request, registration, refusal)
    return _onward(request, registration, "waits for the registrant now: your question is on its way.")


def note(request: Request, pk: UUID) -> HttpResponse:
    registration = page.find(request, pk)
    form = NoteForm(request.POST, auto_id="note_%s")
    if not _accepted(form, lambda: review.add_note(request.actor, registration, **form.cleaned_data)):
        return page.detail(request, registration, note=form)
    messages.success(request, "The note is added.")
    return _to(registration)


def claim(request: Request, pk: UUID) -> HttpResponse:
    """Take it on; with ``force`` posted, over from a colleague."""
    registration = access.registration(request.actor, pk)
    force = bool(request.POST.get("force"))
    return _stay(
        request, registration, lambda: review.claim(request.actor, registration, force=force), "This is yours now."
    )


def release(request: Request, pk: UUID) -> HttpResponse:
    registration = access.registration(request.actor, pk)
    return _stay(
        request, registration, lambda: review.release(request.actor, registration), "Whoever is free may take this now."
    )


def find_organization(request: Request, pk: UUID) -> HttpResponse:
    """From a typed Organization ID to the page that asks again."""
    registration = page.find(request, pk)
    form = MergeForm(request.POST, auto_id="merging_%s")
    found = access.organization_of_id(request.actor, form.cleaned_data["organization_id"]) if form.is_valid() else None
    if found is None:
        if form.is_valid():
            form.add_error("organization_id", "There is no organisation with this ID. Check it letter by letter.")
        return page.detail(request, registration, merging=form)
    return redirect("admin:orgs_registration_merge", pk=pk, organization_pk=found.pk)


def merge(request: Request, pk: UUID, organization_pk: UUID) -> HttpResponse:
    """Say what would happen; on POST do it."""
    registration = page.find(request, pk)
    organization = access.any_organization(request.actor, organization_pk)
    if request.method != "POST":
        return page.merge_confirmation(request, registration, organization)
    try:
        approval.merge(request.actor, registration, organization=organization)
    except DomainError as refusal:
        return _refused(request, registration, refusal)
    return _onward(request, registration, f"is added to {organization} ({organization.organization_id}).")


def _accepted(form: forms.Form, service: Callable[[], object]) -> bool:
    """Whether the form was filled in and the service took it; otherwise the form says why not."""
    if not form.is_valid():
        return False
    try:
        service()
    except Invalid as refusal:
        show_refusal(form, refusal)
        return False
    return True


def _stay(request: Request, registration: Registration, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except DomainError as refusal:
        return _refused(request, registration, refusal)
    messages.success(request, done)
    return _to(registration)


def _onward(request: Request, registration: Registration, what: str) -> HttpResponse:
    """Say what was done, with the way back, and show what waits next; the list where nothing does."""
    link = format_html('<a href="{}">{}</a>', _address(registration), registration)
    following = queue.next_to_decide(request.actor, registration)
    if following is None:
        messages.success(request, format_html("{} {} Nothing else waits for you.", link, what))
        return redirect("admin:orgs_registration_changelist")
    messages.success(request, format_html("{} {} Here is the next one.", link, what))
    return _to(following)


def _refused(request: Request, registration: Registration, refusal: DomainError) -> HttpResponse:
    """Back to the page with the reason: who was faster, and what they decided, where that is it."""
    registration.refresh_from_db(fields=["state", "decided_by_id", "decided_at"])
    messages.warning(request, _decided(registration) or refusal.summary)
    return _to(registration)


def _decided(registration: Registration) -> SafeString | str:
    if registration.state not in queue.DECIDED:
        return ""
    decider = User.objects.filter(pk=registration.decided_by_id).first() if registration.decided_by_id else None
    return format_html(
        "Somebody was faster: {} is “{}” since {}{}. Nothing was done twice.",
        registration,
        registration.get_state_display(),
        when(registration.decided_at),
        f", decided by {decider.full_name}" if decider else "",
    )


def _to(registration: Registration) -> HttpResponse:
    return redirect(_address(registration))


def _address(registration: Registration) -> str:
    return reverse("admin:orgs_registration_change", kwargs={"object_id": registration.pk})
