"""The page that shows recovery codes once: on the way in, and in My Account.

Between the page that shows them and the word that they are kept, this browser's session holds their digests and the page
itself holds the codes, so that a box left unticked loses nothing; until then they count for nothing.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from accounts.forms.factors import KeptCodesForm
from accounts.models import User
from accounts.services import people
from accounts.services.factors import recovery_codes
from accounts.views import answers
from core.errors import Conflict
from core.http import Request

DRAWN = "recovery_codes_drawn"


def answer(request: Request, user: User, *, template: str, **context: Any) -> HttpResponse | None:
    """What to answer; None once the codes are kept."""
    wish = request.POST.get("choice", "")
    if wish == "show":
        codes = recovery_codes.draw()
        request.session[DRAWN] = recovery_codes.digests(user, codes)
        return _page(request, template, KeptCodesForm(), codes, context)
    if wish not in {"keep", "download"}:
        return render(request, template, {"count": settings.RECOVERY_CODES, **context})
    codes = _sent_back(request, user)
    if wish == "download":
        return _file(user, codes)
    form = KeptCodesForm(request.POST)
    if not form.is_valid():
        return _page(request, template, form, codes, context)
    actor = people.acting(user, seen=request.actor)
    recovery_codes.keep(actor, user=user, digests=request.session.pop(DRAWN))
    return None


def _page(
    request: Request, template: str, form: KeptCodesForm, codes: list[str], context: dict[str, Any]
) -> HttpResponse:
    return answers.page(request, template, form=form, codes=codes, **context)


def _sent_back(request: Request, user: User) -> list[str]:
    """The codes that the page held. Raises ``Conflict`` when they are not those that were shown last."""
    codes = request.POST.getlist("code")[: settings.RECOVERY_CODES]
    if not codes or recovery_codes.digests(user, codes) != request.session.get(DRAWN):
        raise Conflict(recovery_codes.NOT_THESE)
    return codes


def _file(user: User, codes: list[str]) -> HttpResponse:
    lines = [f"{settings.OPERATOR_NAME} MAG, recovery codes of {user.user_id}", "Each code works once.", "", *codes, ""]
    response = HttpResponse("\r\n".join(lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="recovery-codes-{user.user_id}.txt"'
    return response
