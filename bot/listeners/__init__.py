"""Slack comes in: parse, call a service, answer after the commit."""
