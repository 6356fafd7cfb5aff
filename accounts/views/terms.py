"""The terms of the gateway: accepted on the way in, and to be read again later."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.forms import TermsForm
from accounts.models import NoticeKind, User
from accounts.services import notices, people
from accounts.services import under_way as service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, under_way
from accounts.views.first_login import steps
from core.http import Request


@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.TERMS)
def accept(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """Read and accept the version in force."""
    user = service.person_of(sign_in)
    notice = queries.unaccepted_notice(NoticeKind.TERMS, user)
    if notice is None:
        return under_way.go_on(request, sign_in)
    form = TermsForm(request.POST or None, notice=notice)
    if not form.is_valid():
        context = {"notice": notice, "steps": steps(Stage.TERMS), "is_first_time": user.first_login_at is None}
        return answers.page(request, "accounts/terms.html", form=form, **context)
    notices.accept(people.acting(user, seen=request.actor), user=user, notice=notice)
    return under_way.go_on(request, sign_in)


@require_safe
def in_force(request: Request) -> HttpResponse:
    """The terms in force, for everybody, and when the reader accepted them."""
    notice = queries.current_notice(NoticeKind.TERMS)
    reader = request.user if isinstance(request.user, User) else None
    acceptance = queries.acceptance(notice, reader) if notice and reader else None
    return render(request, "accounts/terms_in_force.html", {"notice": notice, "acceptance": acceptance})
