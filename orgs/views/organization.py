"""Administration → Organization, and the tab that leads to the first page of the section that is for the actor."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from core import navigation
from core.errors import NotAllowed
from core.http import Request
from orgs import access, policies, queries, summaries

SECTION = "administration"


@signed_in
@require_safe
def administration(request: Request) -> HttpResponse:
    tabs = navigation.bar(SECTION, request.actor, "")
    if not tabs:
        raise NotAllowed
    return redirect(tabs[0].url)


@signed_in
@require_safe
def organization(request: Request) -> HttpResponse:
    own = access.organization(request.actor)
    policies.can_see_organization(request.actor, own).enforce()
    context = {
        "organization": own,
        "rows": summaries.of_profile(own),
        "administrators": queries.administrators_with_roles(own),
    }
    return render(request, "orgs/administration/organization.html", context)
