"""Settings of the test suite: nothing on disk or on the network unless a test brings it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_DATA = Path(tempfile.mkdtemp(prefix="dce-test-"))
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
(_DATA / "secrets").mkdir()
# WhiteNoise warns when there is nothing to serve from.
(_DATA / "static").mkdir()
(_DATA / "secrets" / "django-secret-key").write_text("not-a-secret-in-tests-" + "x" * 40)
(_DATA / "secrets" / "sealing-key").write_text("A" * 43 + "=")
for _name in [
    name for name in os.environ if name.startswith("DCE_") and not name.startswith("DCE_TEST_")
]:
    del os.environ[_name]
os.environ["DCE_DATA"] = str(_DATA)
if "DCE_TEST_DATABASE_URL" in os.environ:
    os.environ["DCE_DATABASE_URL"] = os.environ["DCE_TEST_DATABASE_URL"]

from dce_portal.settings.base import *  # noqa: E402, F403 - the environment must be in place first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_TASK_ALWAYS_EAGER = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
