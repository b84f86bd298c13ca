"""`manage.py tawatur_register`: registers the pictures that were there before, and those that could not be."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from tawatur_django.conf import conf
from tawatur_django.models import RegisteredImage
from tawatur_django.registering import register


class Command(BaseCommand):
    help = "Registers the files of all fields in the setting TAWATUR that are not registered yet."

    def handle(self, *_: Any, **__: Any) -> None:
        done, failed = 0, 0
        for label in conf().fields:
            home, _, name = label.rpartition(".")
            model = apps.get_model(home)
            known = set(RegisteredImage.objects.filter(field=label).exclude(image="").values_list("name", flat=True))
            for instance in model._default_manager.exclude(**{name: ""}).iterator():
                file = getattr(instance, name)
                if not file or file.name in known:
                    continue
                row = register(instance, name)
                done, failed = done + bool(row.image), failed + (not row.image)
                if not row.image:
                    self.stderr.write(f"{label} {file.name}: {row.trouble}")
        self.stdout.write(f"{done} registered, {failed} not")
        if failed:
            raise CommandError("Not every picture could be registered; run this again.")
