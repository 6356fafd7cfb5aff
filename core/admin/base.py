from __future__ import annotations

from abc import ABCMeta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.forms.widgets import MediaDefiningClass
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from core.errors import NotFound


class AbstractAdmin(ABCMeta, MediaDefiningClass):
    """The metaclass of admins that leave something to say to their subclasses: one that does not cannot be registered."""


def desk_page(
    request: HttpRequest, template: str, model: type[Model], context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page on ``admin/desk.html`` about ``model``, with what every page of the back office needs."""
    around = {**admin.site.each_context(request), "is_nav_sidebar_enabled": False, "opts": model._meta}
    return TemplateResponse(request, template, {**around, **context}, status=status)


def key(object_id: str) -> UUID:
    """What the address of an object's page names. Raises ``NotFound`` for what is no key."""
    try:
        return UUID(object_id)
    except ValueError as error:
        raise NotFound from error


class DeskAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic for the type checker only
    """Stock, but an address or a form that makes no sense is a bad request and not an error of ours, and a list answers to
    its own filters alone.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether one of the filters asks this. Of any other column, such as the key of a session or the hash of a password,
        the address of a list would tell one letter after the other.
        """
        offered = set(map(_asked_by, self.get_list_filter(request)))
        if self.date_hierarchy:
            offered.add(self.date_hierarchy)
        is_offered = any(lookup == name or lookup.startswith(f"{name}{LOOKUP_SEP}") for name in offered)
        return is_offered and super().lookup_allowed(lookup, value, request)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            rows = super().get_changelist_instance(request)
        except (OverflowError, ValueError) as error:  # a year that no calendar has
            raise BadRequest from error
        rows.title = capfirst(str(self.opts.verbose_name_plural))
        return rows

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """A form with one button: what is saved here is done, and nobody decides on the same thing again and again."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, {**one_button, **context}, *args, **options)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any
    ) -> HttpResponse | None:
        try:
            return super().response_action(request, queryset, *args, **options)
        except ValidationError as error:
            raise BadRequest from error


def _asked_by(list_filter: Any) -> str:
    """What a filter is called in the address of a list."""
    if isinstance(list_filter, str):
        return list_filter
    return str(list_filter[0] if isinstance(list_filter, tuple) else list_filter.parameter_name)


class ReadOnlyAdmin(DeskAdmin):
    """Rows that are written by the gateway alone."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
