"""Helpers that more than one test room uses."""
