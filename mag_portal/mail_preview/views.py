"""Pages that show the mails to those who write them. Nothing here reads or writes data."""

from __future__ import annotations

from itertools import groupby
from urllib.parse import urlencode

from csp.constants import NONE, SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from core import mail_samples, outbox
from core.mail_samples import USUAL, Sample

# What a page could load, and a mail must not.
LOADED = ("script", "style", "img", "font", "media", "manifest", "worker", "connect")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every template of every room, with its examples."""
    samples = [(name, mail_samples.of(name)) for name in mail_samples.templates()]
    rooms = [(room, list(entries)) for room, entries in groupby(samples, key=lambda entry: entry[0].partition("/")[0])]
    return render(request, "mail_preview/index.html", {"rooms": [(room, _rows(entries)) for room, entries in rooms]})


@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type] # its stub knows no views with arguments
def message(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """One message: its subject, its HTML in a frame of its own, its text, in the language asked for."""
    template, chosen, language = _asked_for(request, room, name)
    context = {
        "template": template,
        "sample": chosen,
        "samples": mail_samples.of(template),
        "mail": outbox.render(chosen.mail(language=language)),
        "language": language,
        "languages": settings.LANGUAGES,
        "frame": f"html/?{urlencode({'variant': chosen.variant, 'language': language})}",
    }
    return render(request, "mail_preview/message.html", context)


@require_safe
@xframe_options_sameorigin
@csp_replace({**{f"{kind}-src": [NONE] for kind in LOADED}, "frame-ancestors": [SELF], "form-action": [NONE]})  # type: ignore[arg-type]
def html(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """The HTML part alone, which may load nothing and be framed by the page above only."""
    _, chosen, language = _asked_for(request, room, name)
    return HttpResponse(outbox.render(chosen.mail(language=language)).html)


def _rows(entries: list[tuple[str, list[Sample]]]) -> list[dict[str, object]]:
    return [
        {"room": template.partition("/")[0], "name": template.rpartition("/")[2], "samples": samples}
        for template, samples in entries
    ]


def _asked_for(request: HttpRequest, room: str, name: str) -> tuple[str, Sample, str]:
    template = f"{room}/mail/{name}"
    variant, language = request.GET.get("variant", USUAL), request.GET.get("language", settings.LANGUAGE_CODE)
    chosen = next((sample for sample in mail_samples.of(template) if sample.variant == variant), None)
    if template not in mail_samples.templates() or chosen is None or language not in dict(settings.LANGUAGES):
        raise Http404
    return template, chosen, language
