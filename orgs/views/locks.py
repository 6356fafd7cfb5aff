"""Administration → Users: unlocking somebody whom wrong passwords keep out."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import signed_in
from accounts.services import locks
from core.http import Request
from orgs import access, policies


@signed_in
@require_POST
def unlock(request: Request, pk: UUID) -> HttpResponse:
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    user = access.member(request.actor, pk).user
    locks.unlock(request.actor, user=user)
    messages.success(request, _("%(name)s may try again, with the password they had.") % {"name": user.full_name})
    return redirect("orgs:user", pk=pk)
