"""Use cases: one function, one transaction: load, decide, write rows, timeline, timers and outbox."""
