"""What every download says of itself."""

from __future__ import annotations

from urllib.parse import quote

from transfers.names import ascii_filename, safe_filename


def disposition(filename: str) -> str:
    """``Content-Disposition`` that saves under ``filename`` (RFC 6266), with a plain name for old clients."""
    safe = safe_filename(filename)
    plain = ascii_filename(safe).replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def download_headers(filename: str, *, etag: str) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": disposition(filename),
        "Cache-Control": "private, no-store, no-transform",
        "X-Content-Type-Options": "nosniff",
        # Should a browser show it after all, it shows it as nobody, with nothing allowed.
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }
