"""Rules: pure functions over plain values; no I/O, and `now` is an argument."""
