from transfers.models.node import Node
from transfers.models.part import Part, PartState
from transfers.models.upload import Upload, UploadState

__all__ = ["Node", "Part", "PartState", "Upload", "UploadState"]
