"""Lists that say all there is of what people are signed in by, and a way to end one row, with a reason."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.forms.sessions import EndSessionForm
from core.admin import AbstractAdmin, ReadOnlyAdmin, desk_page
from core.errors import Invalid, NotFound
from core.http import Request


class EndingAdmin(ReadOnlyAdmin, metaclass=AbstractAdmin):
    """A subclass says what ending is called (``verb``) and which column its address names (``public_key``). Its page is
    ``admin/accounts/<model>/<verb>.html``.
    """

    list_display_links = None
    list_select_related = ("user",)
    actions = None
    verb: ClassVar[str]
    public_key: ClassVar[str] = "pk"

    @abstractmethod
    def asking(self, row: Any) -> str:
        """The title of the page that asks for the reason."""

    @abstractmethod
    def done(self, row: Any) -> str:
        """The sentence for whoever has ended it."""

    @abstractmethod
    def end_row(self, request: Request, row: Any, reason: str) -> None:
        """End it. ``reason`` is what was typed."""

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """The list only: it says all there is, and the page of one could be found by a key that is nobody's to see."""
        return obj is None and super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        names = f"accounts_{self.opts.model_name}"
        ending = path(
            f"<uuid:{self.public_key}>/{self.verb}/", self.admin_site.admin_view(self.end), name=f"{names}_{self.verb}"
        )
        return [path("", self.admin_site.admin_view(self.changelist_view), name=f"{names}_changelist"), ending]

    @admin.display(description="Person", ordering="user__user_id")
    def person(self, row: Any) -> str:
        return str(row.user)

    def link(self, row: Any, words: str) -> SafeString:
        """To the page that ends it. ``words`` say to whoever hears the page what ends."""
        address = reverse(f"admin:accounts_{self.opts.model_name}_{self.verb}", args=[getattr(row, self.public_key)])
        return format_html(
            '<a href="{}">{}<span class="visually-hidden"> {}</span></a>', address, self.verb.title(), words
        )

    def end(self, request: Request, **public_key: UUID) -> HttpResponse:
        """Ask for the reason, then end this one."""
        row = self.get_queryset(request).select_related("user").filter(**public_key).first()
        if row is None:
            raise NotFound
        form = EndSessionForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            self.end_row(request, row, form.cleaned_data["reason"])
            messages.success(request, self.done(row))
            return redirect(f"admin:accounts_{self.opts.model_name}_changelist")
        context = {"title": self.asking(row), "row": row, "form": form}
        status = Invalid.status if form.errors else 200
        template = f"admin/accounts/{self.opts.model_name}/{self.verb}.html"
        return desk_page(request, template, self.model, context, status=status)
