"""The forecast: what a scenario changes, the roll-forward, and its zones.

Reading order: `scenario` (factors, land use in time, the learned correction, inputs of a year), `roll` (a run's
snapshots, tracers and ledger), `zones` (receptors, overload and its change), `tables` (rows of the written tables),
`reading` (the files of one metal and scenario become a `Case` that can be run).
"""
