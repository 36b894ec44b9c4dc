"""A finished study's outputs, read back for figures, claims and the page."""
