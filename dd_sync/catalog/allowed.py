"""What catalog.yaml may say, whether it is read with the forms or without."""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST_SNOOZE = timedelta(days=31)
DEFAULT_TENANT_TAG = "tenant"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
ENV = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
TAG_KEY = re.compile(r"[a-z@][a-z0-9_./-]{0,199}")
