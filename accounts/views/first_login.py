"""First-Time Login: the One-Time Password, and the own password in its place."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.forms import FirstTimeLoginForm, OwnPasswordForm
from accounts.models import NoticeKind
from accounts.services import first_login
from accounts.services import under_way as service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, under_way, waiting
from core.http import Request


@sensitive_post_parameters("one_time_password")
@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
def begin(request: Request) -> HttpResponse:
    """User ID and One-Time Password."""
    if request.user.is_authenticated:
        return answers.home()
    notice = queries.current_notice(NoticeKind.SYSTEM_USE)
    form = FirstTimeLoginForm(request.POST or None, notice=notice)
    begun = answers.outcome(
        form,
        lambda: first_login.begin(
            request.actor,
            user_id=form.cleaned_data["user_id"],
            secret=form.cleaned_data["one_time_password"],
            system_use=notice.version if notice else None,
        ),
    )
    if begun is None:
        context = {"notice": notice, "steps": steps(Stage.OWN_PASSWORD, before=True)}
        return answers.page(request, "accounts/first_login.html", form=form, **context)
    return under_way.start(request, begun)


@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.OWN_PASSWORD)
def choose_password(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """The own password, which opens the rest from now on."""
    form = OwnPasswordForm(request.POST or None)
    chosen = answers.outcome(
        form,
        lambda: first_login.choose_password(request.actor, sign_in=sign_in, password=form.cleaned_data["password"]),
    )
    if chosen is None:
        context = {"person": service.person_of(sign_in), "steps": steps(Stage.OWN_PASSWORD)}
        return answers.page(request, "accounts/choose_password.html", form=form, **context)
    return under_way.start(request, chosen)


def steps(stage: Stage, *, before: bool = False) -> list[dict[str, str]]:
    """The steps of First-Time Login, with ``stage`` as the current one, or the One-Time Password ``before`` it."""
    labels = {
        "": _("One-Time Password"),
        Stage.OWN_PASSWORD: _("Your own password"),
        Stage.SET_UP_FACTOR: _("Second factor"),
        Stage.RECOVERY_CODES: _("Recovery codes"),
        Stage.TERMS: _("Terms"),
        Stage.COMPLETE: _("Home"),
    }
    current = 0 if before else list(labels).index(stage)
    states = ("done",) * current + ("current",) + ("todo",) * (len(labels) - current - 1)
    return [{"label": label, "url": "", "state": state} for label, state in zip(labels.values(), states, strict=True)]
