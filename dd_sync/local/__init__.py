"""The local Datadog: an emulator for demos, tests and teams without an account."""
