from sft.models.access import AccessGrant, AccessGrantState, Subscription, SubscriptionState
from sft.models.package import FileDownload, Package, PackageFile, PackageState, Recipient, RecipientState

__all__ = [
    "AccessGrant",
    "AccessGrantState",
    "FileDownload",
    "Package",
    "PackageFile",
    "PackageState",
    "Recipient",
    "RecipientState",
    "Subscription",
    "SubscriptionState",
]
