"""Where browsers report what the Content Security Policy stopped."""

from __future__ import annotations

import json
import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

logger = logging.getLogger(__name__)
LONGEST_REPORT = 16 * 1024


@csrf_exempt
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Log directive and address of a violation; anything that is no report is ignored."""
    try:
        body = json.loads(request.read(LONGEST_REPORT))["csp-report"]
        logger.warning("CSP stopped %s on %s", str(body["blocked-uri"])[:200], str(body["document-uri"])[:200])
    except (ValueError, KeyError, TypeError, RecursionError):
        return HttpResponse(status=400)
    return HttpResponse(status=204)
