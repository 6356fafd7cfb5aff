"""The embedded stack: what a laptop, the tests and CI run the gateway on, started by the project itself.

Every service is described as data (``process.Process``): its command line, its environment and the check that says it is
ready. ``with_services`` runs one command beside fresh temporary services; ``python -m mag_portal.local`` keeps the whole
gateway running.
"""
