"""Help for people who are not in yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from accounts import help_topics
from accounts.forms.assistance import WhoseAccountForm
from accounts.help_topics import Page
from accounts.services import assistance
from accounts.services.limits import SIGN_IN
from accounts.views import answers, waiting
from core.actor import Actor
from core.http import Request

LONGEST_QUERY = 200


@require_safe
def index(request: Request) -> HttpResponse:
    """All topics, or those that a search finds."""
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    facts = _facts()
    context = {
        "query": query,
        "found": help_topics.search(query, render=lambda template: render_to_string(template, facts, request)),
        "login": help_topics.on(Page.LOGIN),
        "registration": help_topics.on(Page.REGISTRATION),
    }
    return render(request, "accounts/help/index.html", context)


@require_safe
def registration(request: Request) -> HttpResponse:
    """Account Registration Assistance: the ways to Secure File Transfer, step by step."""
    return render(request, "accounts/help/registration.html", _topics(Page.REGISTRATION))


@require_safe
def login(request: Request) -> HttpResponse:
    """Login Assistance: what can go wrong at the door, and what to do."""
    return render(request, "accounts/help/login.html", _topics(Page.LOGIN))


@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
def lost_one_time_password(request: Request) -> HttpResponse:
    """Ask the administrators for a new One-Time Password. The answer is the same whether or not there is such a person."""
    return _answer(request, "accounts/help/lost_one_time_password.html", assistance.lost_one_time_password)


@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
def who_looks_after(request: Request) -> HttpResponse:
    """Have the names of the administrators sent. The answer is the same whether or not there is such a person."""
    return _answer(request, "accounts/help/who_looks_after.html", assistance.who_looks_after)


def _answer(request: Request, template: str, ask: Callable[..., None]) -> HttpResponse:
    actor: Actor = request.actor
    form = WhoseAccountForm(request.POST or None)
    if answers.accepted(form, lambda: ask(actor, identifier=form.cleaned_data["identifier"])):
        return render(request, "accounts/help/asked.html", {"again_url": request.path})
    return answers.page(request, template, form=form)


def _topics(page: Page) -> dict[str, Any]:
    return {**_facts(), "topics": help_topics.on(page)}


def _facts() -> dict[str, Any]:
    """The numbers that topics name."""
    return {
        "business_days": settings.REVIEW_BUSINESS_DAYS,
        "tries": settings.ONE_TIME_PASSWORD_TRIES,
        "one_time_password_days": settings.ONE_TIME_PASSWORD_LIFETIME.days,
        "shortest": settings.PASSWORD_MINIMUM_LENGTH,
        "reset_minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        "idle_minutes": settings.SESSION_IDLE // timedelta(minutes=1),
        "free_tries": SIGN_IN.here.free,
        "first_wait": SIGN_IN.here.first // timedelta(seconds=1),
        "longest_wait": SIGN_IN.here.longest // timedelta(minutes=1),
        "wrong_in_a_row": settings.WRONG_PASSWORDS_IN_A_ROW,
    }
