"""The way to Datadog: the only room that imports datadog_api_client."""
