"""A small news site. Everything that depends on the machine comes from the environment."""

import os
from pathlib import Path

HERE = Path(__file__).parents[1]
DATA = Path(os.environ.get("EXAMPLE_DATA", HERE / "data"))
DATA.mkdir(parents=True, exist_ok=True)

SECRET_KEY = os.environ.get("EXAMPLE_SECRET", "only for trying it out")
DEBUG = os.environ.get("EXAMPLE_DEBUG", "1") == "1"  # runserver serves the uploaded files itself only with it
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "example.urls"
USE_TZ = True
LANGUAGE_CODE = "ar"
LANGUAGES = [("ar", "العربية"), ("en", "English"), ("fr", "Français")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "tawatur_django",
    "news",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.i18n"]},
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "example.db"}}
MEDIA_ROOT = DATA / "media"
MEDIA_URL = "/media/"

TAWATUR = {
    "URL": os.environ.get("TAWATUR_URL", "http://127.0.0.1:8000"),
    "API_KEY": os.environ.get("TAWATUR_API_KEY", ""),
    "PUBLIC_URL": os.environ.get("TAWATUR_PUBLIC_URL", "http://127.0.0.1:8000"),
    "FIELDS": {"news.Photo.file": {"uploader": "author", "caption": "title"}},
    "UNREGISTERED": os.environ.get("EXAMPLE_UNREGISTERED", "show"),
    "TIMEOUT": 2.0,
}
