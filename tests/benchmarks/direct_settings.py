"""The embedded settings without a limit of requests."""

from earmark.settings.embedded import *

REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
