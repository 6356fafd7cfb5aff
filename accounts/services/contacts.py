"""Who looks after somebody, as mails name them."""

from __future__ import annotations

from accounts.models import User
from accounts.ports import guardians


def rows_for(user: User) -> list[dict[str, str]]:
    """Name, e-mail address and company of each; none for the operator's staff and for a company's only administrator."""
    return [
        {"name": contact.name, "email": contact.email, "company": contact.company}
        for contact in guardians().contacts_of(user)
    ]
