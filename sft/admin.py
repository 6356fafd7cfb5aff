"""The operator's view of subscriptions, access and packages. Only subscriptions are decided here, through the services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse

from core.admin import DeskAdmin, ReadOnlyAdmin, desk_page
from core.errors import DomainError, Invalid
from core.http import Request
from orgs.models import Application, Organization
from sft.models import AccessGrant, Package, Subscription
from sft.services import quotas, subscriptions
from sft.services.reasons import LONGEST_REASON
from sft.states import SUBSCRIPTION

GB = 10**9
LARGEST_LIMIT_GB = 1_000_000_000
DECISIONS = {
    "activate": "Confirm",
    "deny": "Deny (with reason)",
    "suspend": "Suspend (with reason)",
    "reactivate": "End the suspension",
}


class SubscribeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Subscribe an organisation without being asked."""

    subscriber = forms.ModelChoiceField(
        label="Organisation",
        queryset=Organization.objects.filter(state="active"),
        help_text="Its administrators get a mail with the next steps.",
    )
    subscribed_to = forms.ModelChoiceField(label="Application", queryset=Application.objects.all())

    class Meta:
        model = Subscription
        fields: tuple[str, ...] = ()


class LimitsForm(forms.Form):
    """Room for files, in GB; an empty field lets the gateway's limit hold."""

    organization = forms.DecimalField(
        label="Room for all files of the organisation, in GB",
        required=False,
        min_value=0,
        max_value=LARGEST_LIMIT_GB,
        help_text="Empty: as in the gateway’s settings. 0: no limit.",
    )
    user = forms.DecimalField(
        label="Room for the files of each user, in GB",
        required=False,
        min_value=0,
        max_value=LARGEST_LIMIT_GB,
        help_text="Empty: as in the gateway’s settings. 0: no limit.",
    )

    @classmethod
    def of(cls, subscription: Subscription) -> LimitsForm:
        own = (subscription.organization_quota_bytes, subscription.user_quota_bytes)
        shown = [None if limit is None else Decimal(limit) / GB for limit in own]
        return cls(initial={"organization": shown[0], "user": shown[1]})

    def in_bytes(self, name: str) -> int | None:
        given = self.cleaned_data[name]
        return None if given is None else int(given * GB)


class DecideForm(forms.ModelForm):  # type: ignore[type-arg]
    """Decide on a subscription: what is offered is what its state permits."""

    decision = forms.ChoiceField(widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Reason to give",
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to deny or suspend; the organisation’s administrators read it.",
    )

    class Meta:
        model = Subscription
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [row for row in DECISIONS.items() if SUBSCRIPTION.permits(self.instance.state, row[0])]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("decision") in {"deny", "suspend"} and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", "Say why in a sentence. The organisation’s administrators will read it.")
        return cleaned


@admin.register(Subscription)
class SubscriptionAdmin(DeskAdmin):
    list_display = ("organization", "application", "state", "since", "requested_by")
    list_filter = ("state", "application", "since")
    list_select_related = ("organization", "application", "requested_by__user", "requested_by__organization")
    search_fields = ("organization__legal_name__istartswith", "=organization__organization_id")
    search_help_text = "Start of an organisation’s name, or a whole Organization ID"
    date_hierarchy = "since"
    ordering = ("-since", "-id")
    show_full_result_count = False
    actions = ("confirm",)
    readonly_fields = ("organization", "application", "state", "since", "requested_by", "refusal_reason")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def get_urls(self) -> list[URLPattern]:
        limits = self.admin_site.admin_view(self.limits)
        return [path("<uuid:pk>/limits/", limits, name="sft_subscription_limits"), *super().get_urls()]

    def limits(self, request: Request, pk: UUID) -> HttpResponse:
        """How much room the organisation's files have."""
        subscription = get_object_or_404(
            self.get_queryset(request).select_related("organization", "application"), pk=pk
        )
        form = LimitsForm(request.POST) if request.method == "POST" else LimitsForm.of(subscription)
        if form.is_bound and form.is_valid():
            quotas.set_limits(
                request.actor,
                subscription=subscription,
                organization=form.in_bytes("organization"),
                user=form.in_bytes("user"),
            )
            messages.success(request, "The new limits hold from now on.")
            return redirect("admin:sft_subscription_change", object_id=pk)
        context = {
            "title": f"Room for files: {subscription.organization}",
            "subscription": subscription,
            "used": quotas.used_by_organization(subscription.organization_id),
            "limits": quotas.Limits.of(subscription),
            "form": form,
        }
        status = Invalid.status if form.is_bound else 200
        return desk_page(request, "admin/sft/subscription/limits.html", Subscription, context, status=status)

    def get_form(self, request: HttpRequest, obj: Subscription | None = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Forms that only ask: no field of theirs is the row's own, so nothing is written past the services."""
        return super().get_form(request, obj, **kwargs | {"form": DecideForm if obj else SubscribeForm, "fields": None})

    def get_fields(self, request: HttpRequest, obj: Subscription | None = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's signature
        return (*self.readonly_fields, "decision", "reason") if obj else ("subscriber", "subscribed_to")

    def get_readonly_fields(self, request: HttpRequest, obj: Subscription | None = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's signature
        return self.readonly_fields if obj else ()

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Decides instead of writing fields; what the service refuses is told by ``changeform_view``."""
        given = form.cleaned_data
        actor = request.actor  # type: ignore[attr-defined]
        if not change:
            made = subscriptions.subscribe(actor, organization=given["subscriber"], application=given["subscribed_to"])
            obj.pk, obj.organization, obj.application = made.pk, made.organization, made.application
            return
        if given["decision"] == "activate":
            subscriptions.confirm(actor, subscription=obj)
        elif given["decision"] == "deny":
            subscriptions.deny(actor, subscription=obj, reason=given["reason"])
        elif given["decision"] == "suspend":
            subscriptions.suspend(actor, subscription=obj, reason=given["reason"])
        else:
            subscriptions.reactivate(actor, subscription=obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as refusal:
            messages.error(request, refusal.summary)
            return redirect(reverse("admin:sft_subscription_changelist"))

    @admin.action(description="Confirm what was requested", permissions=["change"])
    def confirm(self, request: Request, queryset: QuerySet[Subscription]) -> None:
        confirmed = 0
        for subscription in queryset.select_related("organization", "application"):
            try:
                subscriptions.confirm(request.actor, subscription=subscription)
                confirmed += 1
            except DomainError as refusal:
                messages.warning(request, f"{subscription}: {refusal.summary}")
        messages.success(request, f"{confirmed} confirmed.")


@admin.register(AccessGrant)
class AccessGrantAdmin(ReadOnlyAdmin):
    list_display = ("person", "organization", "application", "state", "since", "decider")
    list_filter = ("state", "application", "since")
    list_select_related = ("membership__user", "membership__organization", "application", "decided_by__user")
    search_fields = (
        "=membership__user__user_id",
        "=membership__user__email",
        "membership__user__last_name__istartswith",
    )
    search_help_text = "A whole User ID or e-mail address, or the start of a last name"
    date_hierarchy = "since"
    ordering = ("-since", "-id")

    @admin.display(description="person")
    def person(self, grant: AccessGrant) -> str:
        return str(grant.membership.user)

    @admin.display(description="organisation")
    def organization(self, grant: AccessGrant) -> str:
        return str(grant.membership.organization)

    @admin.display(description="decided by")
    def decider(self, grant: AccessGrant) -> str:
        return str(grant.decided_by.user) if grant.decided_by else "–"


@admin.register(Package)
class PackageAdmin(ReadOnlyAdmin):
    """Packages without their words and file names: the operator runs the gateway and does not read the mail."""

    list_display = ("id", "organization", "sender_name", "state", "created_at", "sent_at", "delivered_at")
    list_filter = ("state", "created_at")
    list_select_related = ("organization", "sender__user")
    search_fields = ("=id", "=sender__user__user_id", "organization__legal_name__istartswith")
    search_help_text = "A whole package id or User ID, or the start of an organisation’s name"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = (
        "id",
        "organization",
        "sender",
        "state",
        "created_at",
        "sent_at",
        "uploaded_at",
        "delivered_at",
    )

    @admin.display(description="sender")
    def sender_name(self, package: Package) -> str:
        return str(package.sender.user)
