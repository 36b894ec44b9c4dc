"""Kernels and edge of the metal budget; nothing is imported eagerly."""
