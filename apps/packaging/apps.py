from django.apps import AppConfig


class PackagingConfig(AppConfig):
    name = "apps.packaging"
    verbose_name = "Packaging"
