"""`path("tawatur/", include("tawatur_django.urls"))`: with it members report under their own account."""

from django.urls import path

from tawatur_django.views import reporter_token

app_name = "tawatur_django"
urlpatterns = [path("reporter-token", reporter_token, name="reporter_token")]
