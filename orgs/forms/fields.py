"""Fields that several forms share."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import Described
from orgs import validators
from orgs.forms import secret_rules
from orgs.models import Application

NAME_LENGTH = 80
PHONE_LENGTH = 32
EMAIL_LENGTH = 254
SECRET_LENGTH = 256
TOO_LONG = "Use at most %(limit_value)d characters; these are %(show_value)d."


class LineField(forms.CharField):
    """Text of one line. ``missing`` is the sentence for an empty one."""

    def __init__(self, *, missing: str = "Fill this in.", max_length: int = 200, **options: Any) -> None:
        options.setdefault("error_messages", {}).setdefault("required", missing)
        options["error_messages"].setdefault("max_length", TOO_LONG)
        super().__init__(max_length=max_length, **options)

    def to_python(self, value: Any) -> str:
        return validators.one_line(super().to_python(value) or "")


class TextField(forms.CharField):
    """Text of several lines, ``rows`` of them to be seen. ``missing`` is the sentence for an empty one."""

    def __init__(self, *, max_length: int, missing: str = "Fill this in.", rows: int = 4, **options: Any) -> None:
        super().__init__(
            max_length=max_length,
            widget=forms.Textarea(attrs={"rows": rows}),
            error_messages={"required": missing, "max_length": TOO_LONG},
            **options,
        )

    def to_python(self, value: Any) -> str:
        return validators.several_lines(super().to_python(value) or "").strip()


class AddressField(forms.EmailField):
    """An e-mail address, kept in lower case. ``lasting`` refuses those that are made to be thrown away."""

    def __init__(self, *, missing: str = "Enter an e-mail address.", lasting: bool = False, **options: Any) -> None:
        self.lasting = lasting
        options.setdefault("label", "E-mail address")
        options.setdefault("widget", forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
        options["error_messages"] = {
            "required": missing,
            "invalid": "This is no e-mail address. Enter one such as name@example.com.",
            "max_length": TOO_LONG,
        }
        super().__init__(max_length=EMAIL_LENGTH, **options)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").lower()

    def clean(self, value: Any) -> str:
        address: str = super().clean(value)
        return validators.lasting_address(address) if address and self.lasting else address


class SecretField(forms.CharField):
    """A One-Time Password that is typed for somebody; its policy is checked by the service."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "One-Time Password")
        options.setdefault("help_text", secret_rules.in_words())
        super().__init__(
            strip=False,
            max_length=SECRET_LENGTH,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            error_messages={
                "required": "Type a One-Time Password, or let the gateway generate one.",
                "max_length": TOO_LONG,
            },
            **options,
        )


class ApplicationsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """A choice of applications, each with what it is for."""

    def __init__(self, *, missing: str = "Choose at least one application.", **options: Any) -> None:
        super().__init__(
            queryset=Application.objects.all(),
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": missing, "invalid_choice": "That application is not on offer."},
            **options,
        )

    def label_from_instance(self, obj: Application) -> str:
        return Described(obj.name, obj.description)


def first_name(**options: Any) -> LineField:
    return LineField(
        label="First name", max_length=NAME_LENGTH, missing="Enter a first name.", **_without_autofill(options)
    )


def last_name(**options: Any) -> LineField:
    return LineField(
        label="Last name", max_length=NAME_LENGTH, missing="Enter a last name.", **_without_autofill(options)
    )


def phone(*, label: str = "Phone", **options: Any) -> LineField:
    return LineField(
        label=label,
        max_length=PHONE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        **options,
    )


def _without_autofill(options: dict[str, Any]) -> dict[str, Any]:
    """The browser's own person is rarely the one whose name is asked for."""
    return {"widget": forms.TextInput(attrs={"autocomplete": "off"}), **options}
