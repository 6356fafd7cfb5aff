from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from core import back_office, mail_samples, outbox, states
from core.admin.base import ReadOnlyAdmin
from core.errors import Conflict, DomainError
from core.http import Request
from core.models import Mail, MailState
from core.outbox import suppression
from core.outbox.bounces import COMES_BACK


class Fate(admin.SimpleListFilter):
    """What became of a message beyond its state."""

    title = "what became of it"
    parameter_name = "fate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("bounced", "Came back"), ("doubted", "May have been sent twice")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:  # noqa: ARG002 - Django's signature
        if self.value() == "bounced":
            return queryset.filter(bounced_at__isnull=False)
        return queryset.filter(doubts__gt=0) if self.value() == "doubted" else queryset


class TemplateFilter(admin.SimpleListFilter):
    """The templates there are, read from their folders: asking the table for them would read all of it."""

    title = "template"
    parameter_name = "template"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(name, name.replace("/mail/", ": ").replace("_", " ")) for name in mail_samples.templates()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:  # noqa: ARG002 - Django's signature
        return queryset.filter(template=self.value()) if self.value() else queryset


class BounceForm(forms.Form):
    reason = forms.CharField(max_length=300, label="Reason", help_text="What the mail server or the person said.")
    suppress = forms.BooleanField(
        required=False, initial=True, label="Send nothing more to this address",
        help_text="Leave this out where the mailbox exists and was only full.",
    )  # fmt: skip


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Mails without their words: the operator runs the gateway and does not read what people send each other."""

    list_display = (
        "created_at",
        "template",
        "to",
        "state",
        "attempts",
        "due_at",
        "sent_at",
        "bounced_at",
        "last_error",
    )
    list_filter = ("state", Fate, TemplateFilter, "created_at")
    search_fields = ("to__startswith", "=id", "=about")
    search_help_text = "Start of an address, a whole message id, or the id of what it is about"
    date_hierarchy = "created_at"
    fields = (
        "id", "template", "to", "language", "organization_id", "about", "state", "attempts", "created_at", "due_at",
        "claimed_at", "sent_at", "last_error", "doubts", "bounced_at", "bounce_reason", "provider_id",
    )  # fmt: skip
    actions = ("resend", "let_go")

    @admin.action(description="Send again what failed for good or was suppressed")
    def resend(self, request: Request, queryset: QuerySet[Mail]) -> None:
        self._each(request, queryset, outbox.resend, "queued again")

    @admin.action(description="Let go of what failed for good")
    def let_go(self, request: Request, queryset: QuerySet[Mail]) -> None:
        self._each(request, queryset, outbox.let_go, "let go")

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<uuid:pk>/resend/", self.admin_site.admin_view(self.resend_one), name="core_mail_resend"),
            path("<uuid:pk>/bounce/", self.admin_site.admin_view(self.bounce_one), name="core_mail_bounce"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        mail = self.get_object(request, object_id)
        choices = _choices(mail) if mail else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **choices})

    def resend_one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask, then queue it again."""
        mail, form = get_object_or_404(Mail, pk=pk), forms.Form(_posted(request))
        if not form.is_valid():
            return self._ask(request, mail, form, "Send again")
        return self._done(
            request, mail, lambda: outbox.resend(cast("Request", request).actor, mail), "The message is queued again."
        )

    def bounce_one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask for the reason, then record that it came back."""
        mail, form = get_object_or_404(Mail, pk=pk), BounceForm(_posted(request))
        if not form.is_valid():
            return self._ask(request, mail, form, "Record a bounce")
        answers = form.cleaned_data
        return self._done(
            request,
            mail,
            lambda: outbox.bounce(cast("Request", request).actor, mail, **answers),
            "The bounce is recorded.",
        )

    def _ask(self, request: HttpRequest, mail: Mail, form: forms.Form, title: str) -> HttpResponse:
        what = "bounce" if isinstance(form, BounceForm) else "resend"
        context = {"opts": self.opts, "mail": mail, "form": form, "title": title}
        return TemplateResponse(
            request, f"admin/core/mail/{what}.html", {**self.admin_site.each_context(request), **context}
        )

    def _done(self, request: HttpRequest, mail: Mail, act: Callable[[], object], sentence: str) -> HttpResponse:
        try:
            act()
        except DomainError as refusal:
            messages.warning(request, refusal.sentence)
        else:
            messages.success(request, sentence)
        return redirect("admin:core_mail_change", object_id=mail.pk)

    def _each(self, request: Request, queryset: QuerySet[Mail], act: Callable[[Any, Mail], object], done: str) -> None:
        count = 0
        for mail in queryset:
            try:
                act(request.actor, mail)
                count += 1
            except Conflict as refusal:
                messages.warning(request, f"{mail}: {refusal.sentence}")
        messages.success(request, f"{count} message(s) {done}.")


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _choices(mail: Mail) -> dict[str, Any]:
    """What the page of ``mail`` offers."""
    entry = suppression.entry_for(mail.to)
    return {
        "title": "Message",
        "suppression": entry,
        "can_resend": states.permits(mail, "resend") and entry is None,
        "can_bounce": mail.state in COMES_BACK and mail.bounced_at is None,
    }


back_office.counter(
    "Mails that failed",
    "admin:core_mail_changelist",
    lambda _: Mail.objects.filter(state=MailState.FAILED).count(),
    query="state__exact=failed",
    order=80,
    tone="danger",
)
