"""Subcommands of `metalbudget`, one module each."""
