"""Where sessions are kept: Django's store in the database, with the columns of ``accounts.models.Session`` filled in.

Who is signed in since when, from where and with what lies in the data of the session and is copied into columns at each
write, so that people can see their sessions and end them.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts.models import Session

# Keys in the data of a session.
PUBLIC_ID = "public_id"
SIGNED_IN_AT = "signed_in_at"
LAST_SEEN_AT = "last_seen_at"
IP = "ip"
DEVICE = "device"
UNDER_WAY = "sign_in_under_way"


class SessionStore(DatabaseSessionStore):
    """``was_ended`` says that this very request ended the session, as signing out does."""

    was_ended = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[assignment] # the model of get_model_class
        # Who is only about to sign in is there too, so that what ends sessions ends this as well.
        row.user_id = data.get(SESSION_KEY) or data.get(UNDER_WAY, {}).get("user_id")
        row.signed_in_at = parse_datetime(data[SIGNED_IN_AT]) if SIGNED_IN_AT in data else None
        if LAST_SEEN_AT in data:
            row.last_seen_at = parse_datetime(data[LAST_SEEN_AT]) or row.last_seen_at
        row.ip = data.get(IP)
        row.device = data.get(DEVICE, "")
        if PUBLIC_ID in data:
            row.public_id = data[PUBLIC_ID]
        return row

    def cycle_key(self) -> None:
        """A new key for the same session. Its old row goes first: two cannot bear one public id.

        A session that was ended, or was given another key, since this request began gets none: it stays as it is.
        """
        data, key = dict(self.items()), self.session_key
        with transaction.atomic():
            if key and not self.model.objects.filter(session_key=key).delete()[0]:
                return
            self.create()
        self.update(data)

    def flush(self) -> None:
        super().flush()
        self.was_ended = True
