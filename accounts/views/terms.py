"""The terms of the gateway, accepted on the way in."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.forms import TermsForm
from accounts.models import NoticeKind
from accounts.services import notices, people
from accounts.services import under_way as service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, under_way
from accounts.views.first_login import steps
from core.http import Request


@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.TERMS)
def terms(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """Read and accept the version in force."""
    user = service.person_of(sign_in)
    notice = queries.unaccepted_notice(NoticeKind.TERMS, user)
    form = TermsForm(request.POST or None)
    if notice is None or not form.is_valid():
        context = {"notice": notice, "steps": steps(Stage.TERMS), "is_first_time": user.first_login_at is None}
        return answers.page(request, "accounts/terms.html", form=form, **context)
    notices.accept(people.acting(user, seen=request.actor), user=user, notice=notice)
    return under_way.go_on(request, sign_in)
