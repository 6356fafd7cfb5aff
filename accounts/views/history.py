"""My Account, Sign-in history: a page of the audit trail, as it concerns its reader."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import history
from accounts.decorators import person_of, signed_in
from core.http import Request
from core.pagination import paginate


@signed_in
@require_safe
def sign_in_history(request: Request) -> HttpResponse:
    user = person_of(request)
    page = paginate(history.events_of(user), cursor=request.GET.get("after", ""), by="at")
    context = {"page": page, "entries": history.entries(user, page.rows)}
    return render(request, "accounts/sign_in_history.html", context)
