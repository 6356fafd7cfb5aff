"""Looking for events as an organisation."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.audit.forms import FilterForm
from orgs.books import Book


class TrailForm(FilterForm):
    book = forms.ChoiceField(required=False, label=_("Of"), choices=Book.choices)
    field_order = ("q", "book")

    @property
    def chosen(self) -> Book:
        return Book.PEOPLE if self.data.get("book") == Book.PEOPLE else Book.ORGANIZATION

    @property
    def is_whole(self) -> bool:
        """Whether all events of the organisation's own chain are asked for."""
        return self.chosen is Book.ORGANIZATION and not self.asked().is_narrow
