"""A gateway under fire: senders and fetchers through every door while its processes are killed and its store misbehaves.

``make soak`` runs it for long, ``tests/e2e/test_soak.py`` for a minute. What has to hold in the end: every acknowledged byte
is there, every completed file is equal, nothing is stuck, nothing is left over in the store or in staging.
"""
