"""Connects the fields of the setting to what happens when their models are saved."""

from django.apps import AppConfig, apps
from django.core.checks import Error, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import FileField
from django.db.models.signals import post_save, pre_save


class TawaturConfig(AppConfig):
    name = "tawatur_django"
    verbose_name = "Tawatur"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tawatur_django import registering
        from tawatur_django.conf import conf

        register(_check)
        try:
            labels = conf().fields
        except ImproperlyConfigured:
            return  # the check says so
        for model in {label.rpartition(".")[0] for label in labels}:
            pre_save.connect(registering.note_uploads, sender=model, dispatch_uid=f"tawatur note {model}")
            post_save.connect(registering.register_uploads, sender=model, dispatch_uid=f"tawatur register {model}")


def _check(app_configs: object, **_: object) -> list[Error]:
    from tawatur_django.conf import conf

    try:
        labels = conf().fields
    except ImproperlyConfigured as error:
        return [Error(str(error), id="tawatur.E001")]
    return [Error(told, id="tawatur.E002") for label in labels if (told := _wrong(label))]


def _wrong(label: str) -> str:
    model, _, name = label.rpartition(".")
    try:
        found = apps.get_model(model)._meta.get_field(name)
    except (LookupError, FieldDoesNotExist) as error:
        return f'TAWATUR["FIELDS"] names {label!r}: {error}'
    return "" if isinstance(found, FileField) else f'TAWATUR["FIELDS"] names {label!r}, which is no file field.'
