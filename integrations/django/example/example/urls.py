from django.conf import settings
from django.conf.urls.static import static
from django.urls import include, path

from news.views import front, upload

urlpatterns = [
    path("", front, name="front"),
    path("upload/", upload, name="upload"),
    path("tawatur/", include("tawatur_django.urls")),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
