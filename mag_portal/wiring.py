"""Which implementation stands behind each port. The only place that knows both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models import Mail


class NullMailListener:
    """Nobody above wants to know: the outbox's own record of a bounce is all there is."""

    def bounced(self, mail: Mail, *, reason: str) -> None:
        pass


def bind() -> None:
    """Bind every port of the lower floors; called once at start."""
    from accounts.ports import account_listener, sign_in_policy
    from core.ports import actor_resolver, mail_listener
    from orgs.ports import onboarding_listener
    from orgs.services.actors import MembershipActorResolver
    from orgs.services.sign_in import FirstLoginNotice, MembersOnly
    from sft.services.onboarding import OnboardingSubscriber
    from sft.services.uploads import PackageFiles, PackageUploadPolicy
    from transfers.ports import transfer_listener, upload_policy

    actor_resolver.bind(MembershipActorResolver())
    mail_listener.bind(NullMailListener())
    sign_in_policy.bind(MembersOnly())
    account_listener.bind(FirstLoginNotice())
    onboarding_listener.bind(OnboardingSubscriber())
    upload_policy.bind(PackageUploadPolicy())
    transfer_listener.bind(PackageFiles())
