"""Forms: how they look everywhere, and how a service's refusal finds its field."""

from __future__ import annotations

from typing import Self

from django import forms
from django.forms.renderers import TemplatesSetting

from core.errors import Invalid


class FieldGroupRenderer(TemplatesSetting):
    """Every form and field of the gateway is laid out by the shared components."""

    form_template_name = "components/form.html"
    field_template_name = "components/field_group.html"


class Described(str):
    """A choice's label with a sentence below it: ``("new", Described("Create", "Somebody who has no account yet."))``."""

    __slots__ = ("description",)
    description: str

    def __new__(cls, label: str, description: str = "") -> Self:
        made = super().__new__(cls, label)
        made.description = description
        return made


def show_refusal(form: forms.BaseForm, refusal: Invalid) -> None:
    """Put each sentence of a service's ``Invalid`` beside its field; what names no field goes above the form."""
    placed = False
    for name, sentence in refusal.fields.items():
        form.add_error(name if name in form.fields else None, sentence)
        placed = True
    if not placed:
        form.add_error(None, refusal.sentence)
