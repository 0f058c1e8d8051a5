"""Gauges that Datadog has no function for: computed from its series each minute, and sent in."""
