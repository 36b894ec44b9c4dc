"""The generated region with a known truth."""

ANEMOMETER_HEIGHT_M = 10.0  # of the generated weather station
