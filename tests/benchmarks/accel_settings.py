"""The embedded settings behind nginx, and without a limit of requests."""

from earmark.settings.embedded import *

SERVE_BACKEND = "accel"
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
