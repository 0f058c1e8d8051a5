"""Snoozes: one tenant, silenced for a bounded time, by somebody, for a reason."""
