"""Pages that show the look to those who build with it. Nothing here reads or writes data."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from core import errors
from core.http import Request
from core.views.errors import BadRequest, ServerError, StaleForm, refusal
from mag_portal.styleguide import forms, samples

ERRORS: tuple[errors.DomainError, ...] = (
    BadRequest(),
    errors.SignInRequired(),
    errors.NotAllowed(),
    StaleForm(),
    errors.NotFound(),
    errors.Conflict(),
    errors.Gone(),
    errors.TooLarge(),
    errors.Invalid(),
    errors.TooMany(retry_after=300),
    ServerError(),
    errors.Unavailable(),
)


def _show(request: Request, template: str, **context: Any) -> HttpResponse:
    """``template`` as a made-up member sees it, whoever really looks."""
    request.actor = samples.ACTOR
    shared = {"user": samples.Person(), "header_bar": samples.BAR}
    return render(request, f"styleguide/{template}.html", {**shared, **context})


@require_safe
def components(request: Request) -> HttpResponse:
    messages.success(request, "Your draft was saved.")
    return _show(
        request,
        "components",
        colours=samples.COLOURS,
        icons=samples.icons(),
        tones=samples.TONES,
        empty_form=forms.empty(),
        refused_form=forms.refused(),
        states=samples.all_states(),
        steps_first=samples.steps(1),
        steps_middle=samples.steps(4),
        steps_last=samples.steps(8),
        timeline=samples.timeline(),
        packages=samples.packages(),
        applications=samples.applications(),
        pages=samples.pages(),
        summary=samples.SUMMARY,
        mail=samples.MAIL,
        now=timezone.now(),
        moments=[
            samples.ago(seconds=5),
            samples.ago(minutes=7),
            samples.ago(hours=3),
            samples.ago(days=2),
            samples.ago(days=90),
        ],
        due=[samples.ago(hours=-2), samples.ago(days=-2), samples.ago(days=-90), None],
        sizes=[1, 999, 12_400, 210_000_000, 48_300_000_000, 1_236_000_000_000],
        errors=ERRORS,
    )


@require_safe
def home(request: Request) -> HttpResponse:
    return _show(
        request,
        "home",
        applications=samples.applications(),
        packages=samples.packages(),
    )


@require_safe
def front_door(request: Request) -> HttpResponse:
    return _show(request, "front_door", form=forms.SignInForm())


@require_safe
def wizard(request: Request) -> HttpResponse:
    return _show(request, "wizard", form=forms.AddressForm(), steps=samples.steps(3))


@require_safe
def error(request: HttpRequest, status: int) -> HttpResponse:
    for example in ERRORS:
        if example.status == status:
            return refusal(request, example)
    raise Http404


@require_safe
def mail(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return HttpResponse(
        render_to_string("styleguide/mail.html", {"operator_name": "Exostar", "support_email": "support@mag.example"})
    )
