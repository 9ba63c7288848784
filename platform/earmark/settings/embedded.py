"""Everything in one folder: SQLite, local files, a broker made of files."""

import os
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key

from earmark.settings import env
from earmark.settings.base import *

STATE = Path(env.read_text("EARMARK_STATE", str(ROOT / "var")))
STATE.mkdir(parents=True, exist_ok=True)


def _keep_secret(name: str, fresh: str) -> str:
    """A secret made once and kept beside the data, readable by its owner alone."""
    path = STATE / name
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(fresh, encoding="ascii")
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii") or fresh


EMBEDDED = True
DEBUG = env.read_flag("DEBUG", default=False)
SECRET_KEY = env.read_text("SECRET_KEY", _keep_secret("secret_key", get_random_secret_key()))
FIELD_ENCRYPTION_KEYS = env.read_names(
    "FIELD_ENCRYPTION_KEYS", _keep_secret("field_key", Fernet.generate_key().decode())
)
ALLOWED_HOSTS = env.read_names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
BASE_URL = env.read_url("BASE_URL", f"http://127.0.0.1:{env.read_number('PORT', 8000, least=1)}")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

DATABASES = {
    "default": env.parse_database_url(
        env.read_text("DATABASE_URL", f"sqlite://{STATE / 'db.sqlite3'}")
    )
}
# Each thread keeps its connection: opening one costs more than what a download asks of it.
DATABASES["default"]["CONN_MAX_AGE"] = None

BLOBS_ROOT = STATE / "blobs"
GIT_ROOT = STATE / "git"
WORK_ROOT = STATE / "work"
VOICES = env.read_flag("VOICES", default=True)
DETECTORS_FILE = env.read_text("EARMARK_DETECTORS", "")
# Where the Hub's client remembers what it sent; without it, a folder in the user's home.
os.environ.setdefault("HF_HOME", str(WORK_ROOT / "huggingface"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "blobs": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(BLOBS_ROOT)},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_ROOT = STATE / "static"

BROKER = STATE / "broker"
for folder in (BLOBS_ROOT, GIT_ROOT, WORK_ROOT, STATIC_ROOT, BROKER / "queue", BROKER / "control"):
    folder.mkdir(parents=True, exist_ok=True)
CELERY_BROKER_URL = "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "data_folder_in": str(BROKER / "queue"),
    "data_folder_out": str(BROKER / "queue"),
    "control_folder": str(BROKER / "control"),
    "store_processed": False,
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
