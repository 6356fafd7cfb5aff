"""The wizard's steps that name people: Organization Administrator, One Time Password, Application Administrator(s)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from core.forms import Described
from orgs import validators
from orgs.forms import fields
from orgs.forms.fields import AddressField, ApplicationsField, SecretField
from orgs.models import Application, Registration, RegistrationAdministrator
from orgs.services.registrations.administrators import Person

NEW = "new"


class PersonForm(forms.Form):
    """Somebody by name and address."""

    first_name = fields.first_name()
    last_name = fields.last_name()
    email = AddressField(lasting=True)
    phone = fields.phone(help_text="With the country’s code.")

    def clean_phone(self) -> str:
        value = self.cleaned_data["phone"]
        return validators.any_phone_number(value, self.country()) if value else ""

    def country(self) -> str:
        """The country that a phone number without a code is meant for."""
        return ""

    def person(self) -> Person:
        data = self.cleaned_data
        return Person(data["first_name"], data["last_name"], data["email"], data["phone"])


class RegistrationPersonForm(PersonForm):
    """Somebody whom a registration names."""

    def __init__(self, *args: Any, registration: Registration, **options: Any) -> None:
        super().__init__(*args, **options)
        self.registration = registration

    def country(self) -> str:
        return self.registration.country.code or ""

    @classmethod
    def as_typed(cls, data: QueryDict | None) -> dict[str, str]:
        """What was typed under the prefix ``new``, unchecked, for showing it again where it was not asked for yet."""
        return {name: data.get(f"{NEW}-{name}", "") for name in PersonForm.base_fields} if data else {}

    @classmethod
    def is_begun(cls, data: QueryDict) -> bool:
        """Whether anything was typed under the prefix ``new``."""
        return any(value.strip() for value in cls.as_typed(data).values())


class OrganizationAdministratorsForm(forms.Form):
    """Select among the people already entered, and say that somebody is to be created.

    ``another`` offers to create somebody from the start.
    """

    selected = forms.MultipleChoiceField(
        label="Who will be the Organization Administrator?",
        help_text="Two are recommended, so that somebody can always manage your users.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Select a person, or “Create somebody else”.",
            "invalid_choice": "That person is no longer part of this registration. Select another one.",
        },
    )

    def __init__(
        self, *args: Any, people: Sequence[RegistrationAdministrator], another: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        chosen = [str(person.pk) for person in people if person.is_organization_administrator]
        self.initial["selected"] = [*chosen, NEW] if another else chosen
        self.people = {str(person.pk): person for person in people}
        self.fields["selected"].choices = [  # type: ignore[attr-defined]
            *((str(person.pk), described(person)) for person in people),
            (NEW, Described("Create somebody else", "A colleague, whom you name below.")),
        ]

    def chosen(self) -> list[RegistrationAdministrator]:
        """Who was selected among the people already entered."""
        return [self.people[pk] for pk in self.cleaned_data["selected"] if pk != NEW]


class OneTimePasswordForm(forms.Form):
    one_time_password = SecretField(label="One Time Password")


class ApplicationAdministratorsForm(forms.Form):
    """One choice of people for each requested application; ``complete`` says whether each needs somebody already."""

    def __init__(
        self,
        *args: Any,
        applications: Sequence[Application],
        people: Sequence[RegistrationAdministrator],
        complete: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.applications = applications
        self.people = {str(person.pk): person for person in people}
        administered = {person.pk: set(person.administered.all()) for person in people}
        for application in applications:
            self.fields[_field(application)] = forms.MultipleChoiceField(
                label=application.name,
                choices=[(str(person.pk), described(person)) for person in people],
                initial=[str(person.pk) for person in people if application in administered[person.pk]],
                widget=forms.CheckboxSelectMultiple,
                required=complete,
                error_messages={
                    "required": "Select at least one person, or create one below.",
                    "invalid_choice": "One of these people is no longer part of this registration. Select again.",
                },
            )

    def chosen(self) -> dict[Application, list[RegistrationAdministrator]]:
        return {
            application: [self.people[pk] for pk in self.cleaned_data[_field(application)]]
            for application in self.applications
        }


class NewApplicationAdministratorForm(RegistrationPersonForm):
    """Somebody new, with the One-Time Password chosen for them. Where there is one application only, it is theirs."""

    applications = ApplicationsField(label="For")
    one_time_password = SecretField(label="One Time Password")

    def __init__(self, *args: Any, applications: Sequence[Application], generate: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.requested = applications
        self.fields["applications"].queryset = Application.objects.filter(  # type: ignore[attr-defined]
            pk__in=[application.pk for application in applications]
        )
        if len(applications) == 1:
            del self.fields["applications"]
        self.fields["one_time_password"].required = not generate

    def chosen_applications(self) -> Sequence[Application]:
        return list(self.cleaned_data["applications"]) if "applications" in self.fields else self.requested


class ResumeForm(forms.Form):
    """Ask for the link to one's drafts."""

    email = AddressField(
        label="Your e-mail address",
        missing="Enter the address that you gave as the primary contact.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


def described(person: RegistrationAdministrator) -> Described:
    detail = f"{person.email} · you" if person.is_contact else person.email
    return Described(person.full_name, detail)


def _field(application: Application) -> str:
    return f"application_{application.code}"
