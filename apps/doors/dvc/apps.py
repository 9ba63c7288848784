from django.apps import AppConfig


class DvcConfig(AppConfig):
    name = "apps.doors.dvc"
    label = "dvc_door"
