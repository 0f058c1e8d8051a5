"""Datadog monitors as code: checked, planned, tested on synthetic series, and synced."""

__version__ = "0.1.0"
