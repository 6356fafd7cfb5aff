"""New Package: a draft, step by step without script, all at once with it. Any button of the form saves what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import Conflict, Invalid, NotFound
from core.forms import show_refusal
from core.http import Request, wants_json
from sft import access, arrivals, policies, queries
from sft.forms import PackageForm
from sft.models import Package, PackageState, Recipient
from sft.services import delivery, drafts, recipients
from sft.views.documents import contact, package_document
from sft.views.guards import workspace
from transfers.models import Upload
from transfers.plain_form import receive_files

SUGGESTIONS = 8
FORM_REFUSED = 422


@require_safe
@workspace
def contacts(request: Request) -> JsonResponse:
    """Who can be sent to, for what has been typed so far."""
    found = queries.possible_recipients(request.actor, search=request.GET.get("q", "")[:200])
    return JsonResponse({"contacts": [contact(member) for member in found[:SUGGESTIONS]]})


@require_http_methods(["GET", "HEAD", "POST"])
@workspace
def package_new(request: Request) -> HttpResponseBase:
    """An empty form. The draft comes into being with the first thing that is worth keeping."""
    form = PackageForm(request.POST or None)
    if request.method != "POST" or not _holds(request, form):
        return _page(request, None, form)
    try:
        package = drafts.start(request.actor, title=form.cleaned_data["title"], note=form.cleaned_data["note"])
    except Invalid as refusal:
        return _refused(request, None, form, refusal)
    return _act(request, package, form)


@require_http_methods(["GET", "HEAD", "POST"])
@workspace
def package_draft(request: Request, pk: UUID) -> HttpResponseBase:
    package = access.own_package(request.actor, pk)
    if request.method == "POST":
        return _save(request, package)
    if package.state != PackageState.DRAFT:
        return redirect("sft:package", pk=package.pk)
    return _page(request, package, PackageForm(initial={"title": package.title, "note": package.note}))


def _save(request: Request, package: Package) -> HttpResponseBase:
    form = PackageForm(request.POST)
    if not _holds(request, form):
        return _page(request, package, form)
    try:
        package = drafts.save(request.actor, package=package, **_words(form))
        return _act(request, package, form)
    except Invalid as refusal:
        return _refused(request, package, form, refusal)
    except Conflict as refusal:
        if wants_json(request):
            raise
        messages.info(request, refusal.sentence)
        return redirect("sft:package", pk=package.pk)


@require_POST
@workspace
def package_discard(request: Request, pk: UUID) -> HttpResponseBase:
    package = access.own_package(request.actor, pk)
    drafts.discard(request.actor, package=package)
    messages.success(request, f"“{package.name}” was discarded.")
    return redirect("sft:drafts")


# The byte engine checks the form's token itself, once it has taken the files off the line.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@workspace
def package_files(request: Request, pk: UUID) -> HttpResponseBase:
    """The plain form for files, for browsers without script."""
    package = access.own_package(request.actor, pk)
    if request.method == "POST":
        return receive_files(request, subject=package.pk, then=partial(_files_added, package=package))
    if package.state != PackageState.DRAFT:
        return redirect("sft:package", pk=package.pk)
    return render(request, "sft/package_files.html", {"package": package})


def _files_added(request: Request, uploads: Sequence[Upload], *, package: Package) -> HttpResponseBase:
    if uploads:
        messages.success(request, f"{len(uploads)} file{'' if len(uploads) == 1 else 's'} uploaded.")
    else:
        messages.info(request, "No file was chosen.")
    return redirect("sft:package-draft", pk=package.pk)


def _words(form: PackageForm) -> dict[str, str]:
    """Title and note as far as they were sent: the page's script leaves out what was not touched in its tab."""
    return {name: form.cleaned_data[name] for name in ("title", "note") if name in form.data}


def _act(request: Request, package: Package, form: PackageForm) -> HttpResponseBase:
    """What the pressed button says, after title and note have been kept."""
    try:
        _change(request, package, form.cleaned_data["recipient"])
        if request.POST.get("do") == "send":
            package = delivery.send(request.actor, package=package)
    except Invalid as refusal:
        return _refused(request, package, form, refusal)
    if wants_json(request):
        return package_document(package)
    return redirect(_next_page(request, package))


def _change(request: Request, package: Package, typed: str) -> None:
    if request.POST.get("remove_recipient"):
        recipients.remove(request.actor, recipient=_own_recipient(request, package))
    elif request.POST.get("remove_file"):
        wanted = access.file(request.actor, package.pk, _key(request.POST["remove_file"]))
        drafts.remove_file(request.actor, file=wanted.file)
    elif typed.strip() or request.POST.get("do") == "add":
        recipients.add(request.actor, package=package, who=typed)


def _own_recipient(request: Request, package: Package) -> Recipient:
    return access.own_recipient(request.actor, package.pk, _key(request.POST["remove_recipient"]))


def _next_page(request: Request, package: Package) -> str:
    if package.state != PackageState.DRAFT:
        messages.success(request, "Sent. Recipients get a mail as soon as every file is verified in storage.")
        return reverse("sft:package", kwargs={"pk": package.pk})
    view = "sft:package-files" if request.POST.get("do") == "files" else "sft:package-draft"
    if request.POST.get("do") == "save":
        messages.success(request, "Draft saved.")
    return reverse(view, kwargs={"pk": package.pk})


def _holds(request: Request, form: PackageForm) -> bool:
    """Whether the form's fields are in shape; a program that sent others is told so as JSON."""
    if not form.is_valid() and wants_json(request):
        raise Invalid(fields={name: str(sentences[0]) for name, sentences in form.errors.items()})
    return form.is_valid()


def _refused(request: Request, package: Package | None, form: PackageForm, refusal: Invalid) -> HttpResponse:
    if wants_json(request):
        raise refusal
    show_refusal(form, refusal)
    return _page(request, package, form)


def _page(request: Request, package: Package | None, form: PackageForm) -> HttpResponse:
    """The editor, with what was typed."""
    files = arrivals.of_package(package) if package is not None else []
    context = {
        "package": package,
        "form": form,
        "recipients": queries.recipients_of(package) if package is not None else [],
        "files": files,
        "total_size": sum(row.file.size or 0 for row in files),
        "most_files": policies.FILES_PER_PACKAGE,
    }
    return render(request, "sft/package_draft.html", context, status=FORM_REFUSED if form.errors else 200)


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
