"""Alembic's migrations; ``apply.py`` runs them."""
