"""Datadog's notification template language: read, asked, and filled in."""
