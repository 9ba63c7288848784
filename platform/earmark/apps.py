from django.apps import AppConfig

# Celery's shared tasks bind to the application that was made last, so it is made with Django's.
from earmark.celery import app as celery_app

__all__ = ["EarmarkConfig", "celery_app"]


class EarmarkConfig(AppConfig):
    name = "earmark"
