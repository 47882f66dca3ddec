"""Words: pure functions from rows to payloads."""
