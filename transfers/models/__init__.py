from transfers.models.maintenance import Maintenance
from transfers.models.node import Node
from transfers.models.part import Part, PartState
from transfers.models.piece import Piece
from transfers.models.quarantine import QuarantinedUpload, QuarantineNews, QuarantineRelease, ReleaseState
from transfers.models.receipt import AwaitedReceipt, FetchedSpan, ReceiptLog
from transfers.models.tus import TusResource, TusSource
from transfers.models.upload import Concat, Door, Scan, Upload, UploadState

__all__ = [
    "AwaitedReceipt",
    "Concat",
    "Door",
    "FetchedSpan",
    "Maintenance",
    "Node",
    "Part",
    "PartState",
    "Piece",
    "QuarantineNews",
    "QuarantineRelease",
    "QuarantinedUpload",
    "ReceiptLog",
    "ReleaseState",
    "Scan",
    "TusResource",
    "TusSource",
    "Upload",
    "UploadState",
]
