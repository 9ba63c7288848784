"""The Django project: settings, urls, Celery and the servers' entry points."""

from earmark.celery import app as celery_app

__all__ = ["celery_app"]
