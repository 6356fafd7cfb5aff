"""What the fields of a profile must look like. Each function returns the value in its one spelling or raises
``ValidationError`` with a sentence that says what to do.
"""

from orgs.validators.identifiers import cage, duns, is_doubtful_cage, uei
from orgs.validators.mail_domains import MOST_DOMAINS, domains, lasting_address
from orgs.validators.phones import any_phone_number, phone_number
from orgs.validators.places import country_name, postal_code, postal_code_is_of, region
from orgs.validators.tax_ids import is_doubtful_tax_id, tax_id
from orgs.validators.text import one_line, several_lines

__all__ = [
    "MOST_DOMAINS",
    "any_phone_number",
    "cage",
    "country_name",
    "domains",
    "duns",
    "is_doubtful_cage",
    "is_doubtful_tax_id",
    "lasting_address",
    "one_line",
    "phone_number",
    "postal_code",
    "postal_code_is_of",
    "region",
    "several_lines",
    "tax_id",
    "uei",
]
