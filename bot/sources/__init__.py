"""One file per monitor: a pure function from a payload to alerts."""
