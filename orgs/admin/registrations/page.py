"""One registration on one screen, and the pages that ask again before something is done to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import F, prefetch_related_objects
from django.http import HttpResponse

from accounts.models import User
from core import states
from core.admin import desk_page
from core.errors import Invalid
from core.http import Request
from orgs import access, comparisons, findings, policies, queries, queue, summaries, timelines
from orgs.forms.review import DenialForm, MergeForm, NoteForm, QuestionForm
from orgs.models import Organization, Registration, RegistrationState, Role
from orgs.services import deciders

TEMPLATES = "admin/orgs/registration"
# The forms of the page, by the name that each has in its template.
FORMS: dict[str, type[forms.Form]] = {
    "question": QuestionForm,
    "denial": DenialForm,
    "note": NoteForm,
    "merging": MergeForm,
}


def find(request: Request, pk: UUID) -> Registration:
    """The registration for one of the staff, with everybody it names and what it resembles. Raises ``NotFound``."""
    policies.can_see_registrations(request.actor).enforce()
    registration = access.registration(request.actor, pk)
    prefetch_related_objects([registration], *queue.PEOPLE, "applications")
    return registration


def detail(request: Request, registration: Registration, **returned: forms.Form) -> HttpResponse:
    """The page. ``returned`` is a form that came back with errors: it is open, and the answer is 422."""
    context = {
        **frame(registration),
        **_facts(request, registration),
        **_decision(request, registration),
        **{name: returned.get(name) or form(auto_id=f"{name}_%s") for name, form in FORMS.items()},
        "returned": next(iter(returned), ""),
        "list_query": request.GET.get("_changelist_filters", ""),
    }
    return answer(request, "detail.html", context, status=Invalid.status if returned else 200)


def merge_confirmation(request: Request, registration: Registration, organization: Organization) -> HttpResponse:
    """What adding ``registration`` to ``organization`` would do, in words."""
    members = set(organization.memberships.values_list("user__email", flat=True))
    known = queue.known_people([registration])
    context = {
        **frame(registration),
        "title": f"Add {registration} to {organization}",
        "organization": organization,
        "people": [
            {"person": person, "user": known.get(person.email.lower()), "is_member": person.email.lower() in members}
            for person in queue.named(registration)
        ],
        "administrators": queries.administrators(organization, Role.OA),
        "decision": deciders.standing(request.actor, registration).work,
        "is_waiting": states.permits(registration, "merge"),
    }
    return answer(request, "merge.html", context)


def frame(registration: Registration) -> dict[str, Any]:
    return {"registration": registration, "title": str(registration)}


def answer(request: Request, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return desk_page(request, f"{TEMPLATES}/{template}", Registration, context, status=status)


def _facts(request: Request, registration: Registration) -> dict[str, Any]:
    current = queries.current_matches().filter(registration=registration).select_related("organization", "other")
    matches = list(current.order_by(F("likeness").desc(nulls_last=True), "id"))
    known = queue.known_people([registration])
    profile = summaries.of_profile(registration)
    before, after = queue.neighbours(request.actor, registration)
    return {
        "profile": profile,
        "not_given": [row.label for row in profile if not row.value],
        "findings": [*findings.duplicates(matches), *findings.flags(registration)],
        "people": [{"person": person, "user": known.get(person.email.lower())} for person in queue.named(registration)],
        "comparison": comparisons.of_registration(registration, matches),
        "questions": registration.questions.select_related("asked_by"),
        "notes": registration.notes.select_related("author").order_by("-created_at", "-id"),
        "history": timelines.history(registration),
        "before": before,
        "after": after,
    }


def _decision(request: Request, registration: Registration) -> dict[str, Any]:
    standing = deciders.standing(request.actor, registration)
    return {
        "standing": standing,
        "is_open": registration.state in policies.UNDER_REVIEW,
        "is_waiting": registration.state == RegistrationState.SUBMITTED,
        "is_overdue": registration.is_overdue,
        "is_mine": registration.assigned_to_id == request.actor.user_id,
        "four_eyes": settings.FOUR_EYES_APPROVAL,
        "is_first_approver": registration.first_approved_by_id == request.actor.user_id,
        "hindrance": queue.hindrances(request.actor, _user(request), [registration]).get(registration.pk, ""),
        "decided_by": User.objects.filter(pk=registration.decided_by_id).first()
        if registration.decided_by_id
        else None,
    }


def _user(request: Request) -> User:
    assert isinstance(request.user, User), "admin_view lets in nobody else"  # noqa: S101 - for the type checker
    return request.user
