"""Which image of Tawatur's an uploaded file is."""

import uuid

from django.db import models


class RegisteredImage(models.Model):
    """A file of one of the fields. `image` is Tawatur's id; while it is empty, `trouble` says why, and
    `manage.py tawatur_register` tries again."""

    field = models.CharField(max_length=200)
    name = models.CharField(max_length=500)
    image = models.CharField(max_length=36, blank=True, db_index=True)
    trouble = models.TextField(blank=True)
    key = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "name"], name="tawatur_one_image_a_file")]

    def __str__(self) -> str:
        return f"{self.field} {self.name}: {self.image or 'not registered'}"
