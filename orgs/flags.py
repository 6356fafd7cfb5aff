"""What the operator should look at twice, as it stands at Submit."""

from __future__ import annotations

from collections.abc import Callable

from orgs import mail_domains
from orgs.models import Flag, Registration


def of(registration: Registration) -> list[Flag]:
    """The flags in the order in which ``Flag`` has them."""
    return [flag for flag, holds in _CHECKS.items() if holds(registration)]


def _contact_is_at_free_mail(registration: Registration) -> bool:
    domain = mail_domains.of(registration.contact_email)
    return mail_domains.is_free(domain) and not mail_domains.is_disposable(domain)


def _contact_is_elsewhere(registration: Registration) -> bool:
    """At another company; a free mail service is nobody's, and has a flag of its own."""
    domain = mail_domains.of(registration.contact_email)
    own = registration.email_domains
    return bool(own) and not mail_domains.is_free(domain) and not mail_domains.is_within(domain, own)


_CHECKS: dict[Flag, Callable[[Registration], bool]] = {
    Flag.FREE_MAIL: _contact_is_at_free_mail,
    Flag.FREE_MAIL_DOMAIN: lambda registration: any(map(mail_domains.is_free, registration.email_domains)),
    Flag.DISPOSABLE_MAIL: lambda registration: mail_domains.is_disposable(mail_domains.of(registration.contact_email)),
    Flag.OTHER_DOMAIN: _contact_is_elsewhere,
    Flag.UNCONFIRMED_MAIL: lambda registration: registration.email_confirmed_at is None,
    Flag.ONE_ADMINISTRATOR: lambda registration: (
        registration.administrators.filter(is_organization_administrator=True).count() == 1
    ),
}
