from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "apps.doors.hub"
    label = "answer_as_hub"
