"""The forms by which an active organisation changes: its profile, its administrators, and the operator's decision."""

from __future__ import annotations

from typing import Any

from django import forms

from orgs import queries
from orgs.forms.administrators import PersonForm
from orgs.forms.fields import AddressField, LineField, TextField
from orgs.forms.profile import OrganizationProfileForm
from orgs.models import Membership, Organization, Role
from orgs.services import change_requests, profiles
from orgs.services.change_requests import Newcomer

MESSAGE_LENGTH = 1000
REASON_LENGTH = 2000


class EditForm(OrganizationProfileForm):
    """The profile as the organisation wants it: what holds, with what waits for the operator already.

    ``seen`` is the version of it that the page was built from.
    """

    message = TextField(
        label="Why it changes",
        max_length=MESSAGE_LENGTH,
        missing=change_requests.WHY,
        required=False,
        help_text="Needed for everything that the operator checks.",
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        waiting = change_requests.open_profile_request(organization)
        initial = {"seen": profiles.version(organization), "message": waiting.message if waiting else ""}
        super().__init__(*args, stored=Organization(**profiles.wanted(organization)), initial=initial, **options)
        self.organization = organization

    def show_current_version(self) -> None:
        """After a refusal because of what somebody else did: saving once more means what is typed."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "seen": profiles.version(self.organization)}


class WhyForm(forms.Form):
    message = TextField(
        label="Why",
        max_length=MESSAGE_LENGTH,
        missing=change_requests.WHY,
        help_text="The operator and your administrators read this.",
    )


class DecisionForm(forms.Form):
    """The operator's reason, which the administrators read."""

    reason = TextField(
        label="Reason",
        missing="Say why, in a sentence: the administrators read it.",
        max_length=REASON_LENGTH,
        help_text="The administrators of the organisation read this.",
    )


class ChangeOfAdministratorForm(PersonForm):
    """Operator staff replace an administrator who has left: by a user of the organisation, or by somebody new."""

    NEEDED_WHEN_NEW = ("first_name", "last_name")

    email = AddressField(
        label="E-mail address of the new administrator",
        required=False,
        help_text="Of a user of the organisation, or of somebody new. Leave it empty to dismiss only.",
    )
    dismiss = forms.ModelMultipleChoiceField(
        label="No longer Organization Administrator",
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "That person is no administrator of this organisation any more."},
    )
    message = TextField(
        label="Why",
        max_length=MESSAGE_LENGTH,
        missing="Say why, and how you made sure who is asking: a colleague decides on it.",
        help_text="How you made sure who is asking. A colleague decides; the administrators read it.",
    )
    field_order = ("email", "first_name", "last_name", "phone", "dismiss", "message")

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        self.organization = organization
        for name in self.NEEDED_WHEN_NEW:
            self.fields[name].required = False
            self.fields[name].help_text = "For somebody new."
        dismiss: Any = self.fields["dismiss"]
        dismiss.queryset = queries.role_holders(organization, Role.OA)
        dismiss.label_from_instance = lambda membership: f"{membership.user.full_name}, {membership.user.email}"

    def country(self) -> str:
        return self.organization.country.code or ""

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if not data.get("email") and not data.get("dismiss") and not self.errors:
            self.add_error("email", "Enter who becomes administrator, or choose below who no longer is.")
        data["candidate"] = self._candidate(data) if data.get("email") else None
        return data

    def _candidate(self, data: dict[str, Any]) -> Membership | Newcomer | None:
        members = queries.active_members().filter(organization=self.organization).select_related("user")
        member = members.filter(user__email=data["email"]).first()
        if member:
            return member
        for name in self.NEEDED_WHEN_NEW:
            if not data.get(name) and name not in self.errors:
                self.add_error(
                    name, "No active user of this organisation has that address. Enter the name of somebody new."
                )
        return Newcomer(
            first_name=data.get("first_name", ""),
            last_name=data.get("last_name", ""),
            email=data["email"],
            phone=data.get("phone", ""),
        )


class OrganizationStateForm(forms.Form):
    """Why an organisation is suspended, reactivated or closed."""

    reason = LineField(label="Reason", max_length=500, missing="Say why, in a sentence: the administrators read it.")
