"""Monitors, downtimes and states, frozen, in Datadog's own words."""
