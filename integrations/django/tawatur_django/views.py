"""What the widget asks of the site when a member reports."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tawatur.client import TawaturError
from tawatur_django.conf import client


@require_GET
@never_cache
def reporter_token(request: HttpRequest) -> JsonResponse:
    """A token for who is signed in. Others get 403, and the widget lets them report anonymously, if the policy does."""
    user = request.user
    if not user.is_authenticated:
        return JsonResponse({}, status=403)
    try:
        made = client().reporter_token(str(user.pk), account_created_at=getattr(user, "date_joined", None))
    except TawaturError:
        return JsonResponse({}, status=503)
    return JsonResponse({"token": made.token})
