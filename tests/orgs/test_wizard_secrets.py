"""One Time Passwords in the wizard: shown once with a sheet to print, and nowhere else."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.conf import settings
from django.core import signing
from django.db import connection

from accounts import readable_codes
from accounts.models import Session
from accounts.services import one_time_passwords
from core.models import Mail
from core.outbox import render
from orgs.models import WizardStep
from orgs.services import approval
from orgs.views import handover
from tests.orgs import world as worlds
from tests.orgs.registrant import Answer, Registrant
from tests.orgs.world import ONE_TIME_PASSWORD, World
from tests.signing_in import fresh

pytestmark = pytest.mark.django_db

STEP = WizardStep.ONE_TIME_PASSWORD
NEXT = WizardStep.APPLICATION_ADMINISTRATORS


def generate(registrant: Registrant) -> Answer:
    return registrant.post(STEP, {"generate": "1"})


# --- The step -----------------------------------------------------------------------------------------------------
def test_the_step_speaks_in_the_words_of_the_source_text(registrant: Registrant) -> None:
    registrant.up_to(STEP)

    page = registrant.open(STEP).content.decode()

    assert "Enter One Time Password. Click Create." in page
    assert "You are responsible for communicating the One Time Password to the user." in page
    assert "At least 15 characters" in page
    assert 'data-secret-words="Kim|Novak|kim@newco.example"' in page


def test_a_generated_one_is_four_groups_of_four(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    generate(registrant)

    secret = registrant.open(NEXT).context["secret"]

    groups = secret.split("-")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert set("".join(groups)) <= set(readable_codes.ALPHABET)
    one_time_passwords.check(secret)


def test_a_refused_one_answers_422_and_is_not_sent_back(registrant: Registrant) -> None:
    registrant.up_to(STEP)

    page = registrant.one_time_password("kim novak newco kim")

    assert page.status_code == 422
    assert "kim novak newco kim" not in page.content.decode()


# --- Shown once, with a sheet -------------------------------------------------------------------------------------
def test_the_sheet_stands_beside_the_secret_and_goes_with_it(registrant: Registrant) -> None:
    registrant.up_to(STEP)
    registrant.one_time_password()

    page = registrant.open(NEXT)

    assert "no-store" in page.headers["Cache-Control"]
    sheet = sheet_in(page)
    for words in ("Kim Novak", "Newco Metals Ltd", "is mailed to you after approval", ONE_TIME_PASSWORD, "7 days"):
        assert words in sheet
    assert "/first-time-login/" in sheet
    assert "css/handover.css" in page.content.decode()
    again = registrant.open(NEXT).content.decode()
    assert "handover-sheet" not in again
    assert ONE_TIME_PASSWORD not in again


def test_the_sheet_is_for_the_person_it_was_chosen_for(registrant: Registrant) -> None:
    registrant.up_to(NEXT)
    registrant.open(NEXT)
    registrant.create_application_administrator()

    sheet = sheet_in(registrant.open(NEXT))

    assert "Ana Ortiz" in sheet
    assert "Kim Novak" not in sheet


@pytest.mark.parametrize("change", ["another registration", "forged", "late"])
def test_a_cookie_that_is_not_this_registrations_shows_nothing(
    registrant: Registrant, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrant.up_to(STEP)
    registrant.one_time_password()
    cookies = registrant.client.cookies
    if change == "another registration":
        registrant = Registrant("203.0.113.80")
        registrant.up_to(NEXT)
        registrant.client.cookies[settings.HAND_OVER_COOKIE_NAME] = cookies[settings.HAND_OVER_COOKIE_NAME].value
    elif change == "forged":
        forged = signing.dumps([str(registrant.contact().pk), "a secret of mine"], key="mine", salt=handover.SALT)
        registrant.client.cookies[settings.HAND_OVER_COOKIE_NAME] = forged
    else:
        monkeypatch.setattr(handover, "LIFETIME", handover.LIFETIME * 0)

    page = registrant.open(NEXT).content.decode()

    assert "handover-sheet" not in page
    assert ONE_TIME_PASSWORD not in page
    assert "a secret of mine" not in page


def test_the_administrations_hand_over_page_has_the_sheet_too(world: World) -> None:
    browser = fresh(world.inviter.user)
    reissue = f"/administration/users/{world.employee.pk}/one-time-password/"

    page = browser.post(reissue, {"one_time_password": ONE_TIME_PASSWORD}, follow=True)

    assert "no-store" in page.headers["Cache-Control"]
    sheet = sheet_in(page)
    for words in (world.employee.user.full_name, world.employee.user.user_id, ONE_TIME_PASSWORD, "once, until"):
        assert words in sheet
    again = browser.get(f"/administration/users/{world.employee.pk}/hand-over/").content.decode()
    assert "handover-sheet" not in again
    assert world.employee.user.user_id in again


# --- Nowhere else -------------------------------------------------------------------------------------------------
TYPED, GENERATED = "velvet kettle horizon 52", "generated"


def test_a_planted_secret_is_in_no_log_mail_row_session_cookie_or_address(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    registrant = Registrant()
    registrant.up_to(STEP)
    seen = [registrant.one_time_password("velvet"), registrant.one_time_password(TYPED), registrant.open(NEXT)]
    seen.append(registrant.post(NEXT, {**as_created("Ana"), "generate": "1"}))
    page = registrant.open(NEXT)
    secrets = (TYPED, page.context["secret"])
    seen += [page, registrant.select_application_administrators(registrant.contact(), registrant.named("Ana"))]
    registrant.client.session.flush()
    seen.append(registrant.create_application_administrator(**{"new-one_time_password": TYPED}))
    resumed = registrant.client.get(the_link(registrant))
    seen += [resumed, registrant.submit()]
    approval.approve(world.operator, registrant.stored())

    for spelling in {each for secret in secrets for each in spellings(secret)}:
        assert spelling not in caplog.text
        assert spelling not in whole_database()
        assert spelling not in mails_as_sent()
        assert spelling not in sessions()
        assert spelling not in str(registrant.client.cookies)
        assert not [answer for answer in seen if spelling in answer.headers.get("Location", "")]
        assert not [
            answer for answer in seen if spelling in answer.request["PATH_INFO"] + answer.request["QUERY_STRING"]
        ]
    assert registrant.stored().organization is not None, "the walk ended in an approval"


def test_the_search_would_find_a_secret_that_is_kept(world: World) -> None:
    """The negative control: what lies in a row, a session or a mail is found in the ways it may be written."""
    world.aurora.website = TYPED
    world.aurora.save()

    assert TYPED in whole_database()


def as_created(first_name: str) -> dict[str, str]:
    person = {"first_name": first_name, "last_name": "Ortiz", "email": f"{first_name.lower()}@newco.example"}
    return {f"new-{name}": value for name, value in person.items()}


def the_link(registrant: Registrant) -> str:
    other = Registrant("203.0.113.80")
    other.client.post("/register/resume/", {"email": "kim@newco.example"})
    return worlds.link_in(worlds.mails("registration_saved")[0], "/registration/")


def spellings(secret: str) -> set[str]:
    signed = signing.b64_encode(json.dumps(secret).encode()).decode()
    return {secret, secret.replace("-", ""), quote(secret), quote_plus(secret), signed[4:-4]}


def whole_database() -> str:
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {model._meta.db_table} t")  # noqa: S608 - names of our tables
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def mails_as_sent() -> str:
    sent = [render(mail) for mail in Mail.objects.all()]
    assert sent
    return "\n".join(f"{mail.subject}\n{mail.text}\n{mail.html}" for mail in sent)


def sessions() -> str:
    return "\n".join(str(session.get_decoded()) for session in Session.objects.all())


def sheet_in(page: Any) -> str:
    text = page.content.decode()
    start = text.index('<section class="handover-sheet">')
    return str(text[start : text.index("</section>", start)])
