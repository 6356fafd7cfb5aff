"""The captcha as pages ask it: its image, its sound, another one, and what was answered. All of it is counted."""

from __future__ import annotations

import re

from captcha.models import CaptchaStore
from captcha.views import captcha_image
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import throttles
from core.errors import Gone
from core.http import Request
from core.throttles import FailMode, Limit
from orgs.captcha import spoken
from orgs.forms.captcha import CaptchaForm, addresses

RANGE = re.compile(r"bytes=(\d{1,9})-(\d{0,9})")
ANOTHER_IMAGE = "another_image"
# Open when nobody can count: a challenge is used up by its first answer, so guessing gains nothing from it.
ANSWERS = Limit("captcha answers from one address", "40/10minute", FailMode.OPEN)
RENDERINGS = Limit("captcha images and sounds for one address", "200/10minute", FailMode.OPEN)


def answered(request: Request) -> CaptchaForm:
    """The captcha of a page that holds ``captcha_form.html``: bound where it was answered, else with a fresh challenge."""
    if request.method != "POST" or ANOTHER_IMAGE in request.POST:
        return CaptchaForm()
    throttles.hit(ANSWERS, request.actor.ip or "unknown")
    return CaptchaForm(request.POST)


@require_safe
def image(request: Request, key: str) -> HttpResponse:
    _count(request)
    drawn: HttpResponse = captcha_image(request, key=_challenge(key).hashkey)
    return drawn


@require_safe
def sound(request: Request, key: str) -> HttpResponse:
    """In pieces where the browser asks so: Safari plays nothing else."""
    _count(request)
    content = spoken(_challenge(key).challenge, key=key)
    response = HttpResponse(content, content_type="audio/wav", headers={"Accept-Ranges": "bytes"})
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    return _piece(response, first=int(asked[1]), last=int(asked[2] or len(content))) if asked else response


def _piece(whole: HttpResponse, *, first: int, last: int) -> HttpResponse:
    size, piece = len(whole.content), whole.content[first : last + 1]
    whole.status_code = 206 if piece else 416
    whole.headers["Content-Range"] = f"bytes {first}-{first + len(piece) - 1}/{size}" if piece else f"bytes */{size}"
    whole.content = piece
    return whole


@require_POST
def another(request: Request) -> JsonResponse:
    """A new challenge for a page that stays as it is."""
    _count(request)
    key = CaptchaStore.generate_key()
    return JsonResponse({"key": key, **addresses(key)})


def _challenge(key: str) -> CaptchaStore:
    found = CaptchaStore.objects.filter(hashkey=key, expiration__gt=timezone.now()).first()
    if found is None:
        raise Gone("This image was answered already, or its time was over. Ask for a new image.")
    return found


def _count(request: Request) -> None:
    throttles.hit(RENDERINGS, request.actor.ip or "unknown")
