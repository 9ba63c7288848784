"""The Django project: settings, urls, Celery and the servers' entry points; and the client."""
