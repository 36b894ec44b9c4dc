"""Hourly weather observations, the boundary layer they make, and the files AERMET exchanges them in."""
