from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "apps.doors.api"
    label = "api_door"
