"""An uploaded image becomes an image of Tawatur's when its row is committed.

A failure never loses an upload: it is noted, the picture is shown as the setting UNREGISTERED says, and
`manage.py tawatur_register` tries again.
"""

import logging
import uuid
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models.fields.files import FieldFile

from tawatur.client import TawaturError
from tawatur_django.conf import client, conf
from tawatur_django.models import RegisteredImage

log = logging.getLogger(__name__)

_NEW = "_tawatur_new_files"


def label_of(file: FieldFile) -> str:
    """The file's field as the setting names it."""
    return f"{file.field.model._meta.label}.{file.field.name}"


def fields_of(model: type[models.Model]) -> list[str]:
    """The names of the model's fields that the setting names."""
    homes = [label.rpartition(".") for label in conf().fields]
    return [name for home, _, name in homes if home.lower() == model._meta.label_lower]


def note_uploads(sender: type[models.Model], instance: models.Model, **_: Any) -> None:
    """Before saving: which files are new. Afterwards nobody can tell, where a storage keeps the name."""
    files = {name: getattr(instance, name) for name in fields_of(sender)}
    setattr(instance, _NEW, {name for name, file in files.items() if file and not file._committed})


def register_uploads(sender: type[models.Model], instance: models.Model, raw: bool = False, **named: Any) -> None:
    """After saving: registers the new files, and those that are not known yet, once the transaction is committed."""
    if raw:  # loaddata: the files may come later, and tawatur_register finds them
        return
    new = getattr(instance, _NEW, set())
    for name in fields_of(sender):
        if getattr(instance, name):
            work = partial(register, instance, name, anew=name in new)
            transaction.on_commit(work, using=named.get("using"), robust=True)


def register(instance: models.Model, name: str, *, anew: bool = False) -> RegisteredImage:
    """Registers the file of this field unless that is done; `anew` when it is another file of the same name."""
    file: FieldFile = getattr(instance, name)
    label = label_of(file)
    row, _ = RegisteredImage.objects.get_or_create(field=label, name=file.name)
    if row.image and not anew:
        return row
    if row.image:
        row.image, row.key = "", uuid.uuid4()
        row.save()
    try:
        with file.storage.open(file.name) as opened:
            made = client().register(
                file=opened.read(), address=_addresses(file), idempotency_key=str(row.key), **_said(label, instance)
            )
        row.image, row.trouble = made.id, ""
    except (TawaturError, OSError) as error:
        log.warning("%s %s was not registered: %s", label, file.name, error)
        row.trouble = str(error)
    row.save()
    return row


def _said(label: str, instance: models.Model) -> dict[str, str]:
    found = {say: getattr(instance, attribute) for say, attribute in conf().fields[label].items()}
    return {say: str(value) for say, value in found.items() if value not in (None, "")}


def _addresses(file: FieldFile) -> list[str]:
    """Where the site itself serves the file, if it does so at a lasting address."""
    try:
        url = file.url
    except (ValueError, NotImplementedError):
        return []
    return [] if "?" in url or "#" in url else [url]
