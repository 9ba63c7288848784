"""For the tests: servers started by tests/servers.py, state in a folder that goes away."""

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from earmark.settings import env
from earmark.settings.base import *

DEBUG = False
SECRET_KEY = "only-for-tests-" + "x" * 40
FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
BASE_URL = "http://testserver"
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

STATE = Path(tempfile.mkdtemp(prefix="earmark-tests-"))
BLOBS_ROOT = STATE / "blobs"
GIT_ROOT = STATE / "git"
WORK_ROOT = STATE / "work"
# Where the Hub's client remembers what it sent; without it, a folder in the user's home.
os.environ.setdefault("HF_HOME", str(WORK_ROOT / "huggingface"))
for folder in (BLOBS_ROOT, GIT_ROOT, WORK_ROOT):
    folder.mkdir()

if "TEST_DATABASE_URL" in os.environ:
    DATABASES = {"default": env.parse_database_url(os.environ["TEST_DATABASE_URL"])}
else:
    DATABASES = {"default": env.parse_database_url(f"sqlite://{STATE / 'db.sqlite3'}")}
    DATABASES["default"]["TEST"] = {"NAME": str(STATE / "test.sqlite3")}

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "blobs": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(BLOBS_ROOT)},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_BROKER_URL = os.environ.get("TEST_REDIS_URL", "memory://")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"token": None, "anonymous": None}}
