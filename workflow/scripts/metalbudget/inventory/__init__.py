"""Emission inventory: activity x emission factor x controls, per source, metal and year."""
