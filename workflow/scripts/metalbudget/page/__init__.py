"""The report: one HTML file that holds its figures and tables and needs no network."""
