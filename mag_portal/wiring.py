"""Which implementation stands behind each port. The only place that knows both sides."""

from __future__ import annotations


def bind() -> None:
    """Bind every port of the lower floors; called once at start."""
    from accounts.ports import account_listener, address_policy, factor_policy, guardians, sign_in_policy
    from core.ports import actor_resolver, mail_listener
    from orgs.ports import onboarding_listener, subscription_directory
    from orgs.services.actors import MembershipActorResolver
    from orgs.services.invitations import BouncedInvitations
    from orgs.services.mail_addresses import LastingAddresses
    from orgs.services.sign_in import FirstLoginNotice, MembersOnly, OrganizationAdministrators, StoredRules
    from sft.services.directory import Subscriptions
    from sft.services.fetching import PackageDownloadPolicy
    from sft.services.onboarding import OnboardingSubscriber
    from sft.services.placement import OrganizationPlaces
    from sft.services.uploads import PackageFiles, PackageUploadPolicy
    from transfers.ports import download_policy, storage_placement, transfer_listener, upload_policy

    actor_resolver.bind(MembershipActorResolver())
    mail_listener.bind(BouncedInvitations())
    sign_in_policy.bind(MembersOnly())
    account_listener.bind(FirstLoginNotice())
    factor_policy.bind(StoredRules())
    guardians.bind(OrganizationAdministrators())
    address_policy.bind(LastingAddresses())
    onboarding_listener.bind(OnboardingSubscriber())
    subscription_directory.bind(Subscriptions())
    upload_policy.bind(PackageUploadPolicy())
    download_policy.bind(PackageDownloadPolicy())
    storage_placement.bind(OrganizationPlaces())
    transfer_listener.bind(PackageFiles())
