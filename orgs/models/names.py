"""What makes companies found again: the key of a name, and the indexes over names, domains and identifiers."""

from __future__ import annotations

import re
from typing import Any

from anyascii import anyascii
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

IDENTIFIERS = ("uei", "cage", "duns", "tax_id")
KEY_LENGTH = 200
# Words that say what kind of company it is and not which; longer runs of letters keep their meaning ("Coating").
_LEGAL_FORMS = frozenset(
    (
        "ab", "ag", "and", "aps", "as", "asa", "bv", "co", "company", "corp", "corporation", "doo", "et", "eurl",
        "gmbh", "group", "holding", "holdings", "inc", "incorporated", "kft", "kg", "kgaa", "kk", "limited", "llc",
        "llp", "lp", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "oyj", "plc", "pte", "pty", "pvt", "sa", "sarl",
        "sas", "se", "sl", "spa", "spzoo", "srl", "sro", "the", "ug", "und",
    )
)  # fmt: skip


def name_key(name: str) -> str:
    """``name`` as it is compared: ASCII, lower case, without punctuation and legal forms; ``Müller & Söhne GmbH`` and
    ``Mueller & Soehne`` are ``muller sohne``. A name that consists of nothing else keeps its words.
    """
    # "S.A.", "G.m.b.H." and "L.L.C." are one word each.
    text = re.sub(r"\b(?:\w\.){2,}", lambda match: match.group().replace(".", "") + " ", anyascii(name).lower())
    text = re.sub(r"(?<=[bcdfghjklmnprstvwxyz])([aou])e", r"\1", text)
    words = re.findall(r"[a-z0-9]+", text.replace("'", ""))
    telling = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(telling or words)[:KEY_LENGTH]


class Bare(models.Func):
    """A text's letters and digits, in upper case: identifiers are compared without the signs people put between."""

    function = "regexp_replace"
    template = "%(function)s(UPPER(%(expressions)s), '[^0-9A-Z]', '', 'g')"
    output_field = models.TextField()


def bare(text: str) -> str:
    """The same for a value at hand."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


class DomainOf(models.Func):
    """What follows the ``@`` of an address, in lower case."""

    function = "split_part"
    template = "%(function)s(LOWER(%(expressions)s), '@', 2)"
    output_field = models.TextField()


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """The key of the row's ``legal_name``, written along with it by ``save`` and ``bulk_create``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": KEY_LENGTH, "blank": True, "default": "", "editable": False, **options})

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: ARG002, FBT001 - Django's signature
        key = name_key(model_instance.legal_name)  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, key)
        return key


def name_indexes(prefix: str) -> list[models.Index]:
    """Search by part of a name, likeness of names, e-mail domain and any identifier, for a table of profiles; tax IDs
    are stored as they are written, so they are found without their signs."""
    return [
        GinIndex(OpClass("name_key", name="gin_trgm_ops"), name=f"{prefix}_by_name_key"),
        GinIndex(OpClass(Upper("legal_name"), name="gin_trgm_ops"), name=f"{prefix}_by_name"),
        GinIndex(fields=["email_domains"], name=f"{prefix}_by_domain"),
        *(
            models.Index(fields=[field], name=f"{prefix}_by_{field}", condition=~Q(**{field: ""}))
            for field in IDENTIFIERS
            if field != "tax_id"
        ),
        models.Index(Bare("tax_id"), name=f"{prefix}_by_bare_tax_id", condition=~Q(tax_id="")),
    ]
