from django.apps import AppConfig


class EarmarkConfig(AppConfig):
    name = "earmark"
