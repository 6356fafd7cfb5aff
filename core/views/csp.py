"""Where browsers report what the Content Security Policy stopped."""

from __future__ import annotations

import json
import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import throttles
from core.http import client_address
from core.throttles import FailMode, Limit

logger = logging.getLogger(__name__)
LONGEST_REPORT = 16 * 1024
# Anybody may report, so nobody may fill the log.
REPORTS = Limit("reports of stopped content from one address", "30/minute", FailMode.CLOSED)


@csrf_exempt
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Log what was stopped, and where; anything that is no report is refused, and too many are told to wait."""
    throttles.hit(REPORTS, client_address(request) or "unknown")
    try:
        body = json.loads(request.read(LONGEST_REPORT))["csp-report"]
        logger.warning("CSP stopped %s on %s", str(body["blocked-uri"])[:200], str(body["document-uri"])[:200])
    except (ValueError, KeyError, TypeError, RecursionError):
        return HttpResponse(status=400)
    return HttpResponse(status=204)
