"""What the process model misses: observed minus simulated net flux, learned where it has skill.

`target` states the residual at the sites, `features` what a cell is told apart by, `blocks` averages sites,
`learning` fits and predicts out of fold, `skill` judges and shrinks, `applicability` says where blocks speak for a
cell, `correction` makes the map. A correction without skill out of fold is exactly zero.
"""
