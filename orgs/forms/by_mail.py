"""Where the link that begins a registration is mailed to."""

from __future__ import annotations

from django import forms

from orgs.forms.fields import AddressField


class ByMailForm(forms.Form):
    email = AddressField(
        label="Your e-mail address",
        missing="Enter your e-mail address.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
