"""Tawatur in a Django site: uploaded images are registered by themselves, and `{% tawatur_image photo.file %}` shows
them through the gate with the notice and the report button."""
