"""What waits for the staff: a list that begins with it, a page for each object, and a button for each decision on it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from core.admin.base import AbstractAdmin, ReadOnlyAdmin, desk_page, key
from core.errors import DomainError, Invalid
from core.forms import show_refusal
from core.http import Request

View = Callable[..., HttpResponse]


class WaitingFilter(admin.SimpleListFilter):
    """What waits for somebody, unless something else is asked for."""

    parameter_name = "stands"
    unchosen = "Waiting"

    def choices(self, changelist: Any) -> Any:
        """The same as Django's, with the name of what is shown when nothing is chosen."""
        first, *others = super().choices(changelist)
        return [{**first, "display": self.unchosen}, *others]


class DecisionAdmin(ReadOnlyAdmin, metaclass=AbstractAdmin):
    """The list, the page and the buttons of what the staff decides on.

    A subclass says what a page shows (``find``, ``is_open``, ``facts``) and writes one method ``(request, pk)`` for each of
    its ``verbs``, which ends in ``decided``. The page is the template ``admin/<app>/<model>/detail.html``; it finds there the
    forms of ``decision_forms`` by their names, ``is_open`` and what ``facts`` gives.
    """

    verbs: ClassVar[tuple[str, ...]]
    decision_forms: ClassVar[Mapping[str, type[forms.Form]]]

    # --- What a subclass says ---------------------------------------------------------------------------------------
    @abstractmethod
    def find(self, request: Request, pk: UUID) -> Any:
        """The object, for this actor. Raises ``NotFound`` or ``Http404``."""

    @abstractmethod
    def is_open(self, thing: Any) -> bool:
        """Whether there is something to decide."""

    @abstractmethod
    def facts(self, request: Request, thing: Any) -> dict[str, Any]:
        """What the page shows besides, with its ``title``."""

    def guard(self, view: View) -> View:
        """What lets somebody of the staff to the buttons, and to a page that has some."""
        return view

    # --- Addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        buttons = [
            path(
                f"<uuid:pk>/{verb}/",
                self.admin_site.admin_view(require_POST(self.guard(getattr(self, verb)))),
                name=f"{self._name}_{verb}",
            )
            for verb in self.verbs
        ]
        return [*buttons, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's signature
    ) -> HttpResponse:
        """One of them. What is typed here must not be lost to a question of the guard, so that comes before the page."""
        seen = cast("Request", request)
        thing = self.find(seen, key(object_id))
        show = self.guard(self._page) if self.is_open(thing) else self._page
        return show(seen, thing)

    # --- What every button does -------------------------------------------------------------------------------------
    def decided(
        self,
        request: Request,
        pk: UUID,
        act: Callable[..., object],
        sentence: str,
        *,
        form: str = "",
        onward: str = "",
    ) -> HttpResponse:
        """``act(object, **what the form holds)``, then ``sentence`` on the object's page, or on the page ``onward`` (an
        address). Without a ``form`` it is ``act(object)``. A refusal is said on the page as it is by then.
        """
        thing = self.find(request, pk)
        typed = self.decision_forms[form](request.POST, auto_id=f"{form}_%s") if form else None
        if typed and not typed.is_valid():
            return self._page(request, thing, status=Invalid.status, **{form: typed})
        try:
            act(thing, **(typed.cleaned_data if typed else {}))
        except DomainError as refusal:
            if typed and isinstance(refusal, Invalid):
                show_refusal(typed, refusal)
                return self._page(request, thing, status=refusal.status, **{form: typed})
            messages.warning(request, refusal.sentence)
            return self._page(request, self.find(request, pk), status=refusal.status)
        messages.success(request, sentence)
        return redirect(onward or reverse(f"admin:{self._name}_change", kwargs={"object_id": pk}))

    def _page(self, request: Request, /, thing: Any, *, status: int = 200, **posted: forms.Form) -> HttpResponse:
        blank = {name: kind(auto_id=f"{name}_%s") for name, kind in self.decision_forms.items()}
        context = {"is_open": self.is_open(thing), **self.facts(request, thing), **blank, **posted}
        template = f"admin/{self.opts.app_label}/{self.opts.model_name}/detail.html"
        return desk_page(request, template, self.model, context, status=status)

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"
