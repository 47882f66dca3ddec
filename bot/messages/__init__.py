"""Words: pure functions from rows to payloads, escaped once and cut to the limits of their readers."""
