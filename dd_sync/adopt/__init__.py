"""Monitors that are in Datadog already: into YAML, and what was edited there back into it."""
