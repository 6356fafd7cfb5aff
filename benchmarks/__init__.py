"""What the gateway does under load, measured: ``make bench`` runs every module here that has a ``main``.

``main()`` returns its figures (``benchmarks.figures.Figure``). The runner prints them as a table and writes them to
``benchmarks/results/<module>.json``.
"""
