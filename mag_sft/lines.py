"""Connections for long lines: congestion control that does not take every lost packet for a crowd.

A sender's congestion control decides how fast a lossy line is (docs/performance.md): one cubic connection at 100 ms and
1 % loss carries 1.3 Mbit/s, bbr near a hundred times that.
"""

from __future__ import annotations

import socket

import urllib3

from mag_sft.errors import TransferError

TCP_CONGESTION = getattr(socket, "TCP_CONGESTION", None)
TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", None)
# What may wait in a socket beyond what is on the line: with more nobody sees how fast the line is.
WAITING = 512 * 1024
# Only with the right to go beyond net.core.wmem_max: a smaller fixed buffer is worse than one the system sizes itself.
SO_SNDBUFFORCE = 32
SEND_BUFFER = 32 * 1024**2
BLOCK = 1024**2


def chosen(name: str) -> str:
    """The congestion control to ask for, empty for the system's own: ``auto`` takes bbr where a socket of ours may have it,
    ``system`` asks for nothing. Raises ``TransferError`` for one that this machine does not give.
    """
    if name == "system" or (name == "auto" and not _is_possible("bbr")):
        return ""
    if name == "auto":
        return "bbr"
    if not _is_possible(name):
        raise TransferError(f"This machine lets no program of yours send with “{name}”. Leave “--congestion” out.")
    return name


def _is_possible(name: str) -> bool:
    if TCP_CONGESTION is None:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, name.encode())
        except OSError:
            return False
    return True


def socket_options(congestion: str) -> list[tuple[int, int, int | bytes]]:
    """Options for each connection; ``congestion`` is the algorithm's name, or empty for the system's own."""
    options: list[tuple[int, int, int | bytes]] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if congestion and TCP_CONGESTION is not None:
        options.append((socket.IPPROTO_TCP, TCP_CONGESTION, congestion.encode()))
    if TCP_NOTSENT_LOWAT is not None:
        options.append((socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, WAITING))
    if _may_force_buffer():
        options.append((socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER))
    return options


def pool(*, connections: int, congestion: str) -> urllib3.PoolManager:
    """A pool that keeps so many connections a host and never repeats a request by itself."""
    return urllib3.PoolManager(
        num_pools=16,
        maxsize=connections,
        block=True,
        retries=False,
        timeout=urllib3.Timeout(connect=20, read=120),
        socket_options=socket_options(congestion),
        blocksize=BLOCK,
    )


def _may_force_buffer() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER)
        except OSError:
            return False
    return True
