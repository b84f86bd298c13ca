from django.conf import settings
from django.conf.urls.static import static
from django.urls import path

from news.views import front, upload

urlpatterns = [
    path("", front, name="front"),
    path("upload/", upload, name="upload"),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
