"""Inviting one company, and finding invitations again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from orgs.forms import fields
from orgs.forms.fields import AddressField, ApplicationsField, LineField, TextField
from orgs.models import (
    Application,
    Invitation,
    InvitationState,
    Membership,
    Organization,
    OrganizationState,
    organization_id_in,
)

MESSAGE_LENGTH = 1000
REFERENCE_LENGTH = 64
OPERATOR = "operator"


class TermsForm(forms.Form):
    """What holds for one invitation or for many: applications, message, who may use the link, language."""

    applications = ApplicationsField(
        label="Applications to use together", missing="Choose at least one application to use together."
    )
    message = TextField(
        label="Message",
        required=False,
        max_length=MESSAGE_LENGTH,
        help_text="A few words of your own, shown in the mail.",
    )
    colleague_allowed = forms.BooleanField(
        label="A colleague may register instead",
        required=False,
        help_text="Whoever has the link can use it, with an address of their own. Otherwise it is for the invited address.",
    )
    language = forms.ChoiceField(label="Language of the mail", choices=lambda: settings.LANGUAGES, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        keys = list(Application.objects.values_list("pk", flat=True)[:2])
        self.initial.setdefault("applications", keys if len(keys) == 1 else [])
        self.initial.setdefault("language", settings.LANGUAGE_CODE)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]


class InvitationForm(TermsForm):
    company_name = LineField(label="Company", missing="Enter the name of the company you invite.")
    first_name = fields.first_name(required=False)
    last_name = fields.last_name(required=False)
    email = AddressField(missing="Enter the address that the invitation goes to.")
    external_reference = LineField(
        label="Your reference",
        required=False,
        max_length=REFERENCE_LENGTH,
        help_text="What you call this company, such as its supplier number. Only you see it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order: tuple[str, ...] = ("company_name", "first_name", "last_name", "email", "external_reference")


class OrganizationField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """An organisation by its Organization ID or by its key, as the lookup fills it in."""

    def to_python(self, value: Any) -> Organization | None:
        text = str(value or "").replace("\0", " ").strip()
        if not text:
            return None
        named = Organization.objects.filter(organization_id=organization_id_in(text)).first()
        try:
            found: Organization | None = super().to_python(named.pk if named else text)
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from error
        return found


class StaffInvitationForm(InvitationForm):
    """Operator staff invite for an organisation, or for the operator."""

    organization = OrganizationField(
        label="Inviting organisation",
        queryset=Organization.objects.filter(state=OrganizationState.ACTIVE),
        required=False,
        help_text="Its Organization ID, such as ORG-7KQM-2WXR, or look it up. Empty: the operator itself invites.",
        error_messages={"invalid_choice": "There is no active organisation with this ID. Look it up."},
    )
    field_order = ("organization", *InvitationForm.field_order)

    def __init__(self, *args: Any, lookup: forms.Widget, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organization"].widget = lookup


class FilterForm(forms.Form):
    """Search and filters of the list; what is not understood is ignored."""

    q = forms.CharField(required=False)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any state"), *InvitationState.choices])
    inviter = forms.ChoiceField(label="Invited by", required=False)
    application = forms.ModelChoiceField(
        label="Application", required=False, queryset=Application.objects.all(), empty_label="Any application"
    )

    def __init__(self, *args: Any, invitations: QuerySet[Invitation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.invitations = invitations
        inviter = self.fields["inviter"]
        assert isinstance(inviter, forms.ChoiceField)  # noqa: S101 - declared above
        inviter.choices = [("", "Anybody"), *_inviters(invitations)]

    def found(self) -> QuerySet[Invitation]:
        """The invitations that are asked for; every word of the search occurs in company, person, address or reference."""
        self.is_valid()
        asked, rows = self.cleaned_data, self.invitations
        for word in asked.get("q", "").replace("\0", " ").split()[:8]:
            rows = rows.filter(
                Q(company_name__icontains=word)
                | Q(email__icontains=word)
                | Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
                | Q(external_reference__icontains=word)
            )
        if asked.get("state"):
            rows = rows.filter(state=asked["state"])
        if asked.get("inviter"):
            staff = asked["inviter"] == OPERATOR
            rows = rows.filter(invited_by__isnull=True) if staff else rows.filter(invited_by_id=UUID(asked["inviter"]))
        if asked.get("application"):
            rows = rows.filter(applications=asked["application"])
        return rows

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values())


def _inviters(invitations: QuerySet[Invitation]) -> list[tuple[str, str]]:
    keys = invitations.order_by().values_list("invited_by_id", flat=True).distinct()
    members = Membership.objects.filter(pk__in=keys.filter(invited_by__isnull=False)).select_related("user")
    people = [(str(member.pk), member.user.full_name) for member in members.order_by("user__last_name", "pk")]
    if invitations.filter(invited_by__isnull=True).exists():
        people.append((OPERATOR, settings.OPERATOR_NAME))
    return people
