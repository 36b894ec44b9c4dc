"""Columns and weather that the tests of the column engine share."""

import numpy as np
from metalbudget.column import richards, simulate
from metalbudget.column.columns import Columns, Weather

# Carsel & Parrish (1988), class means: θr, θs, α [1/cm], n, Ks [cm/d].
SOILS = {
    "sand": (0.045, 0.43, 0.145, 2.68, 712.8),
    "sandy_loam": (0.065, 0.41, 0.075, 1.89, 106.1),
    "loam": (0.078, 0.43, 0.036, 1.56, 24.96),
    "clay_loam": (0.095, 0.41, 0.019, 1.31, 6.24),
    "silty_clay": (0.070, 0.36, 0.005, 1.09, 0.48),
}


def column(soil="loam", depth_cm=100.0, nodes=41, **other):
    """One column of one soil, named or given as parameters."""
    parameters = SOILS[soil] if isinstance(soil, str) else soil
    depth = np.linspace(0.0, depth_cm, nodes)
    values = {
        key: np.array([[value]])
        for key, value in zip(("theta_r", "theta_s", "alpha_1_cm", "n", "ks_cm_d"), parameters, strict=True)
    }
    return Columns(depth, np.zeros((1, nodes), dtype=np.int64), **(values | other))


def columns(soils, depth_cm=100.0, nodes=41, **other):
    """Columns of one soil each."""
    depth = np.linspace(0.0, depth_cm, nodes)
    table = np.array([SOILS[soil] for soil in soils])
    return Columns(depth, np.zeros((len(soils), nodes), dtype=np.int64), *(table[:, [i]] for i in range(5)), **other)


def constant(days, records, rain=0.0, evaporation=0.0, transpiration=0.0):
    """Weather that does not change."""
    rates = (np.full((1, records), value) for value in (rain, evaporation, transpiration))
    return Weather(np.full(records, days / records), *rates)


def changing(days=60, seed=1, rain_cm=30.0, demand_cm_d=0.3, transpired=0.5):
    """Daily weather: rain on four days of ten."""
    rng = np.random.default_rng(seed)
    rain = np.where(rng.random(days) < 0.4, rng.gamma(0.8, 1.0, days), 0.0)
    rain *= rain_cm / max(rain.sum(), 1.0e-9)
    demand = demand_cm_d * rng.uniform(0.3, 1.5, days)
    return Weather(np.ones(days), rain[None], (1.0 - transpired) * demand[None], transpired * demand[None])


def run(columns_, weather, head_cm=-100.0, interval=None, **options):
    """Run from a head; water and metals."""
    state = simulate.initial_state(columns_, head_cm)
    interval = np.arange(weather.days.size) if interval is None else interval
    return simulate.run(columns_, weather, state, interval, keep=True, **options)


def total(flow, entry):
    """Sum over all periods, shape (c,)."""
    return flow.sums_cm[:, :, entry].sum(axis=1)


def balance_cm(flow):
    """What the balance leaves over, shape (c,)."""
    sums = flow.sums_cm
    stored = flow.storage_cm[:, -1] + sums[:, -1, richards.PONDED] - flow.before_cm.sum(axis=1)
    return stored - (
        total(flow, richards.TOP_INFLOW) - total(flow, richards.DRAINAGE) - total(flow, richards.TRANSPIRATION)
    )


def linear_load(columns_, kd, start, density=1.35, dispersivity=5.0, **other):
    """Linear metals of Kd each, from concentrations of shape (m, 1, k) or broadcastable."""
    from metalbudget.column import sorption

    shape = columns_.layer.shape
    kd = np.atleast_1d(np.asarray(kd, dtype=float))
    options = {
        key: other.pop(key)
        for key in ("exponent", "saturation", "diffusion_cm2_d", "fraction", "rate_1_d", "uptake_limit_mg_l")
        if key in other
    }
    metals = sorption.metals(np.tile(kd[:, None], (1, shape[1])), **options)
    return simulate.Load(
        metals,
        np.full(shape, density),
        np.full(shape, dispersivity),
        np.broadcast_to(start, (kd.size, *shape)),
        **other,
    )
