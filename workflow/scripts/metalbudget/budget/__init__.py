"""The mass budget: rates and fluxes from land use, soil and responses, and the exact yearly update.

Reading order: `setting` (land use, water and soil loss of a cell), `rates` (a metal's loss rates and the weathering
closure), `step` (the exact year, and soil that is sealed or mixed deeper), `simulate` (the loop over years). Then
`chemistry` turns configuration and parameter tables into a metal, `history` fills the years between modelled ones, and
`reading` is the edge to the files.
"""
