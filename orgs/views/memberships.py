"""My Account → Memberships: where somebody is a member, and for which of these organisations they work now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import session_data
from accounts.decorators import signed_in
from core.http import Request
from core.policies import Decision
from orgs import access, policies
from orgs.models import Membership
from orgs.services import actors
from orgs.services import memberships as service


@dataclass(frozen=True, slots=True)
class Shown:
    membership: Membership
    roles: list[str]
    is_current: bool
    may_act: Decision


@signed_in
@require_safe
def memberships(request: Request) -> HttpResponse:
    shown = [_shown(request, membership) for membership in access.own_memberships(request.actor)]
    return render(request, "orgs/memberships.html", {"memberships": shown})


@signed_in
@require_POST
def act_for(request: Request, pk: UUID) -> HttpResponse:
    """Work for this organisation from now on, in this session, under a new key."""
    membership = access.own_membership(request.actor, pk)
    becomes = service.act_for(request.actor, membership=membership)
    request.session[actors.CHOSEN_MEMBERSHIP] = str(membership.id)
    session_data.has_rights(request.session, actors.rights_of(becomes))
    messages.success(request, _("You now work for %(company)s.") % {"company": membership.organization})
    return redirect(settings.LOGIN_REDIRECT_URL)


def _shown(request: Request, membership: Membership) -> Shown:
    return Shown(
        membership=membership,
        roles=[str(role) for role in membership.roles.all()],
        is_current=membership.id == request.actor.membership_id,
        may_act=policies.can_act_for(request.actor, membership),
    )
