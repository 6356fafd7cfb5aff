"""The operator's view of the byte engine: uploads and nodes (read only), quarantine, maintenance, how the engine stands."""

from transfers.admin.engine import MaintenanceAdmin, NodeAdmin
from transfers.admin.ledger import UploadAdmin
from transfers.admin.quarantine import QuarantineAdmin

__all__ = ["MaintenanceAdmin", "NodeAdmin", "QuarantineAdmin", "UploadAdmin"]
