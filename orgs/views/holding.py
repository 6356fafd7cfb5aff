"""What a visitor's session holds: the registrations begun or opened in this browser, and answers that came too late."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from orgs.models import Registration, WizardStep

HELD, PARKED, READS = "registrations", "parked_answers", "reads_mail_of"
MOST_HELD, MOST_PARKED_CHARACTERS = 10, 20_000
# A session is a row of a table: no secret is kept in it.
NEVER_PARKED = ("one_time_password", "csrfmiddlewaretoken")


def hold(request: HttpRequest, registration: Registration) -> None:
    """Let this session open the registration from now on."""
    others = [pk for pk in held(request) if pk != str(registration.pk)]
    request.session[HELD] = [str(registration.pk), *others][:MOST_HELD]
    if registration.email_confirmed_at:
        reads_mail(request, registration)


def held(request: HttpRequest) -> list[str]:
    return list(request.session.get(HELD, []))


def reads_mail(request: HttpRequest, registration: Registration) -> None:
    """Remember that whoever sits here reads the mail of the contact's address, as it is now."""
    known = {pk: email for pk, email in request.session.get(READS, {}).items() if pk in held(request)}
    request.session[READS] = {**known, str(registration.pk): registration.contact_email}


def has_read_mail(request: HttpRequest, registration: Registration) -> bool:
    return bool(request.session.get(READS, {}).get(str(registration.pk)) == registration.contact_email)


def park(request: HttpRequest, pk: UUID, step: str) -> None:
    """Keep what was typed for a registration that this session no longer holds, until its link is opened here.

    Whoever had not told an address yet has no link: the profile is then put into the next draft that is begun here.
    """
    answers = request.POST.copy()
    for name in list(answers):
        if name.endswith(NEVER_PARKED):
            del answers[name]
    text = answers.urlencode()
    if answers and len(text) <= MOST_PARKED_CHARACTERS:
        request.session[PARKED] = {
            "registration": str(pk), "step": step, "answers": text, "at": timezone.now().isoformat(),
        }  # fmt: skip


def parked(request: HttpRequest, registration: Registration, step: str) -> QueryDict | None:
    """What was parked for this step; it is handed out once."""
    kept = request.session.get(PARKED)
    if not kept or kept["step"] != step or not _is_for(registration, kept, held(request)):
        return None
    del request.session[PARKED]
    return QueryDict(kept["answers"])


def _is_for(registration: Registration, kept: dict[str, str], held_here: list[str]) -> bool:
    if kept["registration"] == str(registration.pk):
        return True
    begun_since = registration.created_at.isoformat() > kept["at"]
    return begun_since and kept["step"] == WizardStep.PROFILE and kept["registration"] not in held_here
