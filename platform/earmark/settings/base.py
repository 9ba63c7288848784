"""What every way of running shares."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

INSTALLED_APPS = [
    "apps.audit",
    "apps.accounts",
    "apps.jobs",
    "apps.storage",
    "apps.datasets",
    "apps.voices",
    "apps.consent",
    "apps.licensing",
    "apps.detection",
    "apps.review",
    "apps.ingest",
    "apps.releases",
    "apps.access",
    "apps.packaging",
    "apps.deliveries",
    "apps.publishing",
    "apps.doors.web",
    "apps.doors.api",
    "apps.doors.dvc",
    "apps.doors.hub",
    "earmark",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "earmark.middleware.empty_heads",
    "earmark.middleware.add_security_headers",
    "earmark.middleware.refuse_null_bytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.doors.web.middleware.show_errors",
]

ROOT_URLCONF = "earmark.urls"
WSGI_APPLICATION = "earmark.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "web:sign_in"
CSRF_FAILURE_VIEW = "apps.doors.web.views.errors.csrf_failed"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "/static/"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.doors.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.doors.api.permissions.WithinScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.doors.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.doors.api.problems.handle_error",
    "DEFAULT_THROTTLE_CLASSES": ["apps.doors.api.throttles.TokenRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"token": "6000/min", "anonymous": "600/min"},
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Earmark",
    "DESCRIPTION": "Consented, licensed, strongly labelled audio datasets.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "TokenScope": "apps.accounts.models.Token.Scope",
        "OrganisationKind": "apps.accounts.models.Organisation.Kind",
        "JobState": "apps.jobs.models.Job.State",
        "ClipState": "apps.datasets.models.Clip.State",
        "AccessRequestState": "apps.access.models.AccessRequest.State",
        "EntitlementWay": "apps.access.models.Entitlement.Way",
        "DecisionVerdict": "apps.review.models.Decision.Verdict",
        "NoticeKind": "apps.access.models.Notice.Kind",
        "PublicationState": "apps.publishing.models.Publication.State",
        "TargetKind": "apps.publishing.models.Target.Kind",
        "ReleaseState": "apps.doors.api.shapes.choices.RELEASE_STATES",
        "Purpose": "apps.doors.api.shapes.choices.PURPOSES",
    },
}

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Not "no-referrer": browsers then send "Origin: null" with forms, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SILENCED_SYSTEM_CHECKS: list[str] = []

# Seconds a job's claim lasts without a sign of life before another worker may take it.
JOB_LEASE_SECONDS = 120
# Where bytes leave from: "sendfile" (this process), "accel" (nginx), "redirect" (object store).
SERVE_BACKEND = "sendfile"
# Long transfers of one web process at once; below the threads it has, so that pages find one.
TRANSFERS_AT_ONCE = 96
# Whether voices are compared across clips, to help reviewers; biometric, so each deployment says.
VOICES = True
# A deployment's own detectors: the path of a TOML or JSON file, or nothing.
DETECTORS_FILE = ""
ACCEL_PREFIX = "/_blobs/"
# Limits of what may come in, in bytes, counts and seconds.
INGEST_MAX_FILE_BYTES = 8 * 1024**3
INGEST_MAX_CLIP_SECONDS = 24 * 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
