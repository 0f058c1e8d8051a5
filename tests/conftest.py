"""What all tests share: how hard hypothesis tries."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Time is judged by `make bench`, never by a test: a busy machine must not fail one.
settings.register_profile("default", deadline=None, max_examples=100)
settings.register_profile(
    "prove", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")
