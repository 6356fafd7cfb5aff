"""Which e-mail addresses people may have, as the floor below asks."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from orgs import validators


class LastingAddresses:
    """Those that are not made to be thrown away, as for everybody whom a form of this room names."""

    def refusal(self, address: str) -> str:
        try:
            validators.lasting_address(address)
        except ValidationError as refused:
            return " ".join(refused.messages)
        return ""
