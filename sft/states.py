"""The states of subscriptions, access, packages and their recipients."""

from core import states
from sft.models import (
    AccessGrant,
    AccessGrantState,
    Package,
    PackageState,
    Recipient,
    RecipientState,
    Subscription,
    SubscriptionState,
)

_PENDING = (AccessGrantState.PENDING_AA, AccessGrantState.PENDING_OWNER)
_REQUESTABLE = (AccessGrantState.INACTIVE, AccessGrantState.DENIED, AccessGrantState.EXPIRED)

SUBSCRIPTION = states.register(
    Subscription,
    [
        ("activate", SubscriptionState.REQUESTED, SubscriptionState.ACTIVE),
        ("deny", SubscriptionState.REQUESTED, SubscriptionState.DENIED),
        ("request", (SubscriptionState.DENIED, SubscriptionState.ENDED), SubscriptionState.REQUESTED),
        ("suspend", SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED),
        ("reactivate", SubscriptionState.SUSPENDED, SubscriptionState.ACTIVE),
        ("end", (SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED), SubscriptionState.ENDED),
    ],
)

ACCESS = states.register(
    AccessGrant,
    [
        ("request", _REQUESTABLE, AccessGrantState.PENDING_AA),
        ("pass_to_owner", AccessGrantState.PENDING_AA, AccessGrantState.PENDING_OWNER),
        ("approve", _PENDING, AccessGrantState.ACTIVE),
        ("grant", _REQUESTABLE, AccessGrantState.ACTIVE),
        ("deny", _PENDING, AccessGrantState.DENIED),
        ("suspend", AccessGrantState.ACTIVE, AccessGrantState.SUSPENDED),
        ("unsuspend", AccessGrantState.SUSPENDED, AccessGrantState.ACTIVE),
        ("expire", (AccessGrantState.ACTIVE, *_PENDING), AccessGrantState.EXPIRED),
    ],
)

PACKAGE = states.register(
    Package,
    [
        ("send", PackageState.DRAFT, PackageState.UPLOADING),
        ("process", PackageState.UPLOADING, PackageState.PROCESSING),
        ("deliver", PackageState.PROCESSING, PackageState.DELIVERED),
        ("fail", (PackageState.UPLOADING, PackageState.PROCESSING), PackageState.FAILED),
        (
            "withdraw",
            (PackageState.UPLOADING, PackageState.PROCESSING, PackageState.DELIVERED),
            PackageState.WITHDRAWN,
        ),
        ("expire", PackageState.DELIVERED, PackageState.EXPIRED),
        ("purge", (PackageState.EXPIRED, PackageState.WITHDRAWN, PackageState.FAILED), PackageState.PURGED),
    ],
)

RECIPIENT = states.register(
    Recipient,
    [
        ("notify", RecipientState.PENDING, RecipientState.NOTIFIED),
        ("open", RecipientState.NOTIFIED, RecipientState.OPENED),
        ("download", (RecipientState.NOTIFIED, RecipientState.OPENED), RecipientState.DOWNLOADED),
    ],
)
