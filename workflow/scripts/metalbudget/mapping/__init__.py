"""Soil surveys harmonised and mapped: concentration with its standard error, and the background.

`survey` brings samples to one method, depth and point; `geostatistics` fits trend, variogram and censored
values and predicts cells; `validation` holds points out in spatial blocks; `background` gives the natural
content by parent material.
"""
