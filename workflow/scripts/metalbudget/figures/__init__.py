"""Figures of a study: maps and charts, drawn from arrays."""
