"""Holds: alerts that ask for a manual review, and what ends them. Datadog's events are the record."""
