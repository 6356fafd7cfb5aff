"""Administration → Users → a user: the name, when it is wrong or has changed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.decorators import signed_in
from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request
from orgs import access, policies, queries
from orgs.forms.names import NameForm
from orgs.models import Membership
from orgs.services import users


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def correct_name(request: Request, pk: UUID) -> HttpResponse:
    policies.can_manage_members(request.actor, request.actor.organization_id).enforce()
    membership = access.member(request.actor, pk)
    user = membership.user
    form = NameForm(request.POST or None, initial={"first_name": user.first_name, "last_name": user.last_name})
    if form.is_valid() and _corrected(request, form, membership):
        messages.success(request, _("The name is now %(name)s.") % {"name": user.full_name})
        return redirect("orgs:user", pk=pk)
    may = policies.can_correct_name(request.actor, membership, organizations=queries.organizations_of(user))
    context = {"form": form, "member": access.member(request.actor, pk), "may": may}
    return render(request, "orgs/administration/user_name.html", context, status=422 if form.errors else 200)


def _corrected(request: Request, form: NameForm, membership: Membership) -> bool:
    given = form.cleaned_data
    try:
        users.correct_name(
            request.actor, membership=membership, first_name=given["first_name"], last_name=given["last_name"]
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return False
    return True
