"""Shipped policies, one YAML file an organisation."""
