"""ZIP archives whose every byte is known beforehand: names (``naming``) and layout (``layout``). No store, no request."""

from transfers.zips.layout import Bytes, Layout, Member, Stored
from transfers.zips.naming import zip_names

__all__ = ["Bytes", "Layout", "Member", "Stored", "zip_names"]
