from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from news.models import Photo

PhotoForm = modelform_factory(Photo, fields=["title", "author", "file"])


def front(request: HttpRequest) -> HttpResponse:
    return render(request, "news/front.html", {"photos": Photo.objects.order_by("-id")})


def upload(request: HttpRequest) -> HttpResponse:
    form = PhotoForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        form.save()
        return redirect("front")
    return render(request, "news/upload.html", {"form": form})
