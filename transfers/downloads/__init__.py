"""Answers that carry stored files: one (``files``) or many in one archive (``archives``), with receipts for what arrived."""
