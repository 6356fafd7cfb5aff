"""The store that the settings name.

boto3 is a third of a process's memory, and the uploads pool puts hardly anything into the store itself: it is imported with
the first call.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from transfers.storage.port import BucketRules, ObjectStore


def store(bucket: str = "") -> ObjectStore:
    """The bucket of this name at the store of the settings, or the one that these name; safe to use from many threads.

    A bucket besides that one (``S3_PLACEMENT=bucket``) is made when something is put into it for the first time.
    """
    from transfers.storage import s3_clients

    return s3_clients.opened(bucket or settings.S3_BUCKET)


def forget_clients() -> None:
    """Connect anew with the next call, to where the settings lead then."""
    from transfers.storage import s3_clients

    s3_clients.forget()


def bucket_rules() -> BucketRules:
    """How every bucket of the gateway is to be."""
    pages = urlsplit(settings.BASE_URL)
    return BucketRules(
        abandon_after_days=settings.S3_ABANDON_AFTER_DAYS,
        origins=(f"{pages.scheme}://{pages.netloc}",) if settings.S3_PUBLIC_ENDPOINT_URL else (),
        locks_objects=bool(settings.S3_OBJECT_LOCK_MODE),
    )
