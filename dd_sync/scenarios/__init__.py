"""Tests of monitors: synthetic series, and what the monitor should make of them."""
