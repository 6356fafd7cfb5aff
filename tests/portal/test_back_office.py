"""What the operator's staff see of what people send each other: that it is there, and nothing of its words."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User, UserState
from core.models import Mail
from transfers.models import Upload

pytestmark = pytest.mark.django_db
WORDS = "Project Heron"


@pytest.fixture
def clerk(client: Client) -> User:
    staff = User.objects.create(
        user_id="bakers_1234",
        email="sam@operator.example",
        first_name="Sam",
        last_name="Baker",
        state=UserState.ACTIVE,
        is_staff=True,
    )
    client.force_login(staff)
    return staff


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
