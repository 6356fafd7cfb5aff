"""What the operator's staff see of what people send each other: that it is there, and nothing of its words."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.formats import date_format, get_format

from accounts.models import User
from core.models import Mail
from orgs.models import Organization
from transfers.models import Upload

pytestmark = pytest.mark.django_db
WORDS = "Project Heron"
HIDDEN = {"password", "session_key", "session_data", "context", "name", "path", "title", "message", "how", "digest"}


def page_of(client: Client, row: Mail | Upload) -> str:
    """The list and the page of ``row``."""
    url = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
    answers = [client.get(url), client.get(f"{url}{row.pk}/change/")]
    assert [answer.status_code for answer in answers] == [200, 200]
    return "".join(answer.content.decode() for answer in answers)


def test_a_mail_is_shown_without_its_words(client: Client, clerk: User) -> None:
    mail = Mail.objects.create(
        template="sft/mail/package_received", to="rita@partner.example", context={"title": WORDS, "file_names": [WORDS]}
    )
    page = page_of(client, mail)
    assert "rita@partner.example" in page
    assert WORDS not in page


def test_an_upload_is_shown_without_its_names(client: Client, clerk: User) -> None:
    upload = Upload.objects.create(
        owner=clerk, subject=uuid4(), name=f"{WORDS}.step", path=f"{WORDS}/drawings", part_size=5, size=5,
        storage_key="uploads/1", expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    page = page_of(client, upload)
    assert str(upload.subject) in page
    assert WORDS not in page


def test_a_list_is_headed_by_what_it_lists(client: Client, clerk: User) -> None:
    assert "<h1>Nodes</h1>" in client.get("/admin/transfers/node/").content.decode()


def test_no_date_can_be_read_as_another(client: Client, clerk: User) -> None:
    tenth_of_november = datetime(2026, 11, 10, 15, 2, tzinfo=UTC)
    mail = Mail.objects.create(template="x", to="rita@partner.example", context={})
    Mail.objects.filter(pk=mail.pk).update(created_at=tenth_of_november)

    assert "10 Nov 2026, 15:02" in client.get("/admin/core/mail/").content.decode()
    assert date_format(tenth_of_november, "SHORT_DATETIME_FORMAT") == "2026-11-10 15:02"
    assert not [form for form in get_format("DATE_INPUT_FORMATS") if form.startswith("%m")]


def test_an_organisations_page_uses_nothing_that_django_is_about_to_drop(client: Client, clerk: User) -> None:
    organization = Organization.objects.create(legal_name="Newco", country="GB")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        assert client.get(f"/admin/orgs/organization/{organization.pk}/change/").status_code == 200


def lists() -> list[str]:
    """The address of every list of the back office."""
    return [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]


@pytest.mark.parametrize("field", ["created_at", "submitted_at", "at"])
def test_a_year_that_no_calendar_has_is_a_bad_request_and_no_error(client: Client, clerk: User, field: str) -> None:
    for address in lists():
        # A list that is one page looks at no such question.
        assert client.get(f"{address}?{field}__year=999999999999").status_code in {200, 302, 400}, address


def test_an_action_on_what_is_no_id_is_a_bad_request_and_no_error(client: Client, clerk: User) -> None:
    asked = {"/admin/orgs/registration/": "claim", "/admin/core/mail/": "resend", "/admin/orgs/invitation/": "resend"}
    for address, action in asked.items():
        answer = client.post(address, {"action": action, "index": "0", "_selected_action": "x"})
        assert answer.status_code in {302, 400}, address


@pytest.mark.parametrize(
    ("address", "guess", "filter_of_it"),
    [
        ("/admin/accounts/session/", "session_key__startswith", "user__is_staff__exact=1"),
        ("/admin/accounts/session/", "session_data__contains", "signed_in_at__year=2026"),
        ("/admin/accounts/user/", "password__startswith", "state__exact=active"),
        ("/admin/accounts/user/", "last_login__gte", "password_off_at__isempty=1"),
        ("/admin/core/mail/", "context__title__startswith", "state__exact=failed"),
        ("/admin/accounts/noticeacceptance/", "user__password__startswith", f"notice__id__exact={UUID(int=1)}"),
        ("/admin/orgs/registration/", "contact_email__startswith", "queue=decided"),
    ],
)
def test_what_a_list_does_not_show_is_not_guessed_by_its_address(
    client: Client, clerk: User, address: str, guess: str, filter_of_it: str
) -> None:
    assert client.get(f"{address}?{filter_of_it}").status_code == 200
    assert client.get(f"{address}?{guess}=a").status_code == 400


def test_no_list_tells_more_than_its_filters_ask() -> None:
    """Of every object in the back office: a column that no filter names is asked by no address."""
    request = RequestFactory().get("/")
    told = [
        f"{model._meta.label}.{column.name}"
        for model, desk in admin.site._registry.items()
        for column in model._meta.concrete_fields
        if desk.lookup_allowed(f"{column.name}__startswith", "a", request) and column.name in HIDDEN
    ]
    assert not told
