"""The only code that talks out; it knows nothing of incidents."""
