"""Many machines: PostgreSQL, Valkey, an object store. Every secret comes from the environment."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from earmark.settings import env
from earmark.settings.base import *

DEBUG = False
SECRET_KEY = env.read_text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.read_names("SECRET_KEY_FALLBACKS")
FIELD_ENCRYPTION_KEYS = env.read_names("FIELD_ENCRYPTION_KEYS")
BASE_URL = env.read_url("BASE_URL")
ALLOWED_HOSTS = env.read_names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

DATABASES = {"default": env.parse_database_url(env.read_text("DATABASE_URL"), pool=True)}
REDIS_URL = env.read_text("REDIS_URL")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
CELERY_BROKER_URL = env.read_text("BROKER_URL", REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"unacked_restore_throttle": 1, "visibility_timeout": 4 * 3600}
    if CELERY_BROKER_URL.startswith(("redis", "rediss"))
    else {}
)

STATE = Path(env.read_text("EARMARK_STATE"))
BLOBS_ROOT = STATE / "blobs"
GIT_ROOT = STATE / "git"
WORK_ROOT = STATE / "work"
VOICES = env.read_flag("VOICES", default=False)
DETECTORS_FILE = env.read_text("EARMARK_DETECTORS", "")
# Where the Hub's client remembers what it sent; without it, a folder in the user's home.
os.environ.setdefault("HF_HOME", str(WORK_ROOT / "huggingface"))
STATIC_ROOT = STATE / "static"
for folder in (BLOBS_ROOT, GIT_ROOT, WORK_ROOT):
    folder.mkdir(parents=True, exist_ok=True)
S3_BUCKET = env.read_text("S3_BUCKET", "")
BLOB_STORAGE: dict[str, object] = (
    {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.read_text("S3_ENDPOINT_URL", "") or None,
            "access_key": env.read_text("S3_ACCESS_KEY"),
            "secret_key": env.read_text("S3_SECRET_KEY"),
            "region_name": env.read_text("S3_REGION", "us-east-1"),
            "querystring_auth": True,
            "querystring_expire": 300,
            "file_overwrite": True,
            "signature_version": "s3v4",
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(BLOBS_ROOT)},
    }
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "blobs": BLOB_STORAGE,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
SERVE_BACKEND = env.read_text("SERVE_BACKEND", "redirect" if S3_BUCKET else "accel")
TRANSFERS_AT_ONCE = env.read_number("TRANSFERS_AT_ONCE", 96, least=1)
if SERVE_BACKEND not in {"sendfile", "accel", "redirect"}:
    raise ImproperlyConfigured("SERVE_BACKEND: expected sendfile, accel or redirect.")

SECURE_SSL_REDIRECT = env.read_flag("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.read_number("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
EMAIL_HOST = env.read_text("EMAIL_HOST", "localhost")
DEFAULT_FROM_EMAIL = env.read_text("DEFAULT_FROM_EMAIL", "earmark@localhost")
