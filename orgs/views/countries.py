"""What an address needs in a country, for the script that follows the chosen country on a page with an address."""

from __future__ import annotations

from django.http import JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core.http import Request
from orgs import address_rules


@require_safe
@cache_control(public=True, max_age=24 * 60 * 60)
def rules(request: Request) -> JsonResponse:
    """``?country=US``; an unknown country needs nothing. The same for everybody, so it may be kept."""
    found = address_rules.of(request.GET.get("country", ""))
    return JsonResponse(
        {
            "regions": [region.name for region in found.regions],
            "required": {"region": found.is_region_required, "postal_code": found.is_postal_code_required},
        }
    )
