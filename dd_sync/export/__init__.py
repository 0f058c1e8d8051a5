"""Monitors for other systems: alert rules of Prometheus, and unit tests of those."""
