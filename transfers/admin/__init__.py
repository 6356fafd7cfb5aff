"""The operator's view of the byte engine: uploads and nodes (read only), quarantine, maintenance, how the engine stands."""

from transfers.admin.ledger import NodeAdmin, UploadAdmin
from transfers.admin.quarantine import QuarantineAdmin

__all__ = ["NodeAdmin", "QuarantineAdmin", "UploadAdmin"]
