"""The form that corrects a user's name."""

from __future__ import annotations

from django import forms

from orgs.forms import fields


class NameForm(forms.Form):
    first_name = fields.first_name()
    last_name = fields.last_name()
