"""AERMOD's runstreams: what a deck asks for, and the hours and emissions that it names."""

from metalbudget.dispersion.runstream.deck import Deck, read
from metalbudget.dispersion.runstream.weather import Weather, emitting, weather

__all__ = ["Deck", "Weather", "emitting", "read", "weather"]
