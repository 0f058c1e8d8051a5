"""Datadog's monitor query language: text to nodes and back."""
