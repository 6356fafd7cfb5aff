"""``mag-sft``: Secure File Transfer from a terminal.

Sends and fetches files of any size over many connections, resumes, verifies. Needs nothing of the gateway's own code: it
speaks the parts door and the content door over HTTP (docs/transfers.md).
"""
