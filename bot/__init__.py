"""Muster: a self-hosted ChatOps incident responder."""
