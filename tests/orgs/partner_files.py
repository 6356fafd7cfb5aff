"""Files of companies to invite, as a member uploads them."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orgs.models import InvitationBatch
from tests.orgs import world as worlds

MANY = "/administration/invitations/many/"
GOOD = "Company,E-mail\nNewco,kim@newco.example\nAlloys,a@alloys.example\n"


def upload(browser: Client, data: str | bytes, **terms: Any) -> Any:
    content = data if isinstance(data, bytes) else data.encode()
    file = SimpleUploadedFile("partners.csv", content, content_type="text/csv")
    return browser.post(MANY, {"file": file, "applications": [str(worlds.sft().pk)], **terms})


def words_of(answer: Any) -> str:
    return (
        " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split()).replace("&amp;", "&").replace("&quot;", '"')
    )


def kept() -> InvitationBatch:
    return InvitationBatch.objects.latest("created_at")
