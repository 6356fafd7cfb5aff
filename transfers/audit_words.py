"""Events of uploads in words. How a file is called is its people's only."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.audit import words

words.say(
    "transfers",
    _("Packages and files"),
    {
        "transfers.upload.create": _("Upload begun"),
        "transfers.upload.complete": _("Upload received"),
        "transfers.upload.reopen": _("Upload opened again"),
        "transfers.upload.assemble": _("Upload put together"),
        "transfers.upload.store": _("Upload stored"),
        "transfers.upload.quarantine": _("Upload quarantined"),
        "transfers.upload.release": _("Upload released from quarantine"),
        "transfers.upload.condemn": _("Upload in quarantine deleted for good"),
        "transfers.quarantinerelease.ask": _("Release from quarantine asked for"),
        "transfers.quarantinerelease.grant": _("Release from quarantine granted"),
        "transfers.quarantinerelease.refuse": _("Release from quarantine refused"),
        "transfers.upload.fail": _("Upload failed"),
        "transfers.upload.expire": _("Upload ended by time"),
        "transfers.upload.abort": _("Upload given up"),
        "transfers.upload.fetch": _("Download of a file by a program begun"),
        "transfers.upload.issue": _("Address of a file issued; whether it was fetched is not known"),
        "transfers.upload.remove": _("Upload removed"),
        "transfers.maintenance.begin": _("Uploads parked for maintenance"),
        "transfers.maintenance.end": _("Uploads go on after maintenance"),
    },
    order=75,
)
