"""Replays series through a monitor the way Datadog evaluates it."""
