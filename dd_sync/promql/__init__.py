"""Queries of metric monitors as PromQL."""
