"""Addresses of the DVC door."""

from django.urls import URLPattern

app_name = "dvc"
urlpatterns: list[URLPattern] = []
