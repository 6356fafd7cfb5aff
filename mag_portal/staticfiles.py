"""Static files named by their content, ES module imports included."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # whitenoise is untyped
    """Rewrites ``import`` specifiers too, so that a module and what it imports are always of one version."""

    support_js_module_import_aggregation = True
