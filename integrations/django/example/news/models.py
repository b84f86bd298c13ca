from django.db import models


class Photo(models.Model):
    title = models.CharField(max_length=200)
    author = models.CharField(max_length=100, blank=True)
    file = models.ImageField(upload_to="photos/")

    def __str__(self) -> str:
        return self.title
