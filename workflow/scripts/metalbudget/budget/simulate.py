"""The yearly roll-forward: one loop for history, every scenario and every sensitivity run."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from metalbudget.budget.rates import Chemistry, Soil, natural_deposition, rates, subsoil_input, weathering
from metalbudget.budget.setting import Setting
from metalbudget.budget.step import Stores, Vector, advance, at_depth, rearrange
from metalbudget.ledger import check_closure, regional_sums

ErosionMode = Literal["naive", "subsoil_replacement"]


@dataclass(frozen=True)
class Options:
    """Switches of the budget; see `config.yaml` (``erosion``, ``budget``).

    Parameters
    ----------
    weathering_closure : bool
        Add the geogenic input that keeps the background in balance.
    erosion_mode : {'naive', 'subsoil_replacement'}
        Whether eroded soil is replaced from below.
    closure_tolerance : float
        Largest residual of any cell as a share of its gross flux. [1]
    mixing_depth_scale : float
        Multiplies the mixing depth of every class. [1]
    """

    weathering_closure: bool
    erosion_mode: ErosionMode
    closure_tolerance: float
    mixing_depth_scale: float = 1.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Options":
        """Options from a mapping that holds the first three among other things."""
        return cls(
            weathering_closure=settings["weathering_closure"],
            erosion_mode=settings["erosion_mode"],
            closure_tolerance=settings["closure_tolerance"],
        )

    def __post_init__(self) -> None:
        if self.erosion_mode not in ("naive", "subsoil_replacement"):
            raise ValueError(f"unknown erosion mode {self.erosion_mode!r}")
        if not 0.0 < self.closure_tolerance < 1.0:
            raise ValueError(f"the closure tolerance must lie between 0 and 1, got {self.closure_tolerance:g}")


@dataclass(frozen=True, eq=False)
class YearStep:
    """One simulated year; arrays of shape (n,), fluxes per square metre of CELL like the rasters.

    Parameters
    ----------
    year : int
        The year during which the fluxes happen: from its first day to the first day of the next.
    layer_start, layer_end : ndarray
        Concentration of the modelled layer at the end of the previous year and at the end of this one. [mg kg⁻¹]
        In a cell without open soil, that of its frozen soil.
    legal_start, legal_end : ndarray
        The same down to the legal depth. [mg kg⁻¹]
    inputs : dict of process to ndarray
        The given inputs plus ``weathering`` and ``subsoil``. [mg m⁻² yr⁻¹]
    losses : dict of process to ndarray
        ``leaching runoff erosion harvest evasion``. [mg m⁻² yr⁻¹]
    rates : dict of process to ndarray
        Loss divided by stock. [yr⁻¹] The key ``correction`` is present when a negative correction acts as a loss.
    correction, sealing, layer_exchange, clipping : ndarray
        Signed gains of the layer. [mg m⁻² yr⁻¹]
    stock_start, stock_end : ndarray
        Metal in the modelled layer of open soil. [mg m⁻²]
    ledger : dict of str to float
        Regional sum of each term, ``stock_change`` and ``stock``; see `ledger.regional_sums`. [kg]
    closure : float
        Largest residual of any cell as a share of its gross flux. [1]
    clamped : dict of str to int
        How many cells were moved into a relation's valid range, by relation.
    """

    year: int
    layer_start: Vector
    layer_end: Vector
    legal_start: Vector
    legal_end: Vector
    inputs: dict[str, Vector]
    losses: dict[str, Vector]
    rates: dict[str, Vector]
    correction: Vector
    sealing: Vector
    layer_exchange: Vector
    clipping: Vector
    stock_start: Vector
    stock_end: Vector
    ledger: dict[str, float]
    closure: float
    clamped: dict[str, int]


def simulate(
    initial_concentration: Vector,
    years: Iterable[int],
    setting_at: Callable[[int], Setting],
    inputs_at: Callable[[int], Mapping[str, Vector]],
    soil_at: Callable[[int], Soil],
    *,
    chemistry: Chemistry,
    background: Vector,
    options: Options,
    cell_area_m2: float,
    correction_at: Callable[[int], Vector] | None = None,
    correction_reference: Vector | None = None,
) -> Iterator[YearStep]:
    r"""Roll the metal in the soil of every cell forward, one exact year after another.

    Parameters
    ----------
    initial_concentration : ndarray, shape (n,)
        Concentration down to the legal depth at the start of the first year. [mg kg⁻¹], ≥ 0
        Taken to be uniform over the tracked column, sealed ground included.
    years : iterable of int
        Consecutive years to simulate; the year ``y`` leads from the first day of ``y`` to the first day of ``y + 1``.
        ``range(2020, 2070)`` gives 50 steps and ends at the start of 2070.
    setting_at : callable
        ``setting_at(year) -> Setting``: land use, water and soil loss of the year (``collapse``, ``interpolate``).
        Return the same object while nothing changes: what depends on it alone is then computed once.
    inputs_at : callable
        ``inputs_at(year) -> {process: ndarray (n,)}`` per square metre of CELL, like the flux rasters (open-soil
        value times open share). [mg m⁻² yr⁻¹], ≥ 0. Any of ``deposition background fertiliser manure irrigation
        pesticide``; ``weathering`` and ``subsoil`` are added here.
    soil_at : callable
        ``soil_at(year) -> {name: ndarray (n,)}``: ``ph_water organic_carbon_pct clay_pct ...`` as the sorption and
        uptake relations need them; pH may drift. Return the same object while nothing changes.
    chemistry : Chemistry
        The metal: sorption, uptake, enrichment, evasion (``rates.chemistry_of`` builds it from parameters).
    background : ndarray, shape (n,)
        Geogenic background C_bg; also the concentration of replaced subsoil. [mg kg⁻¹], ≥ 0
    options : Options
    cell_area_m2 : float
        Area of a cell. [m²]
    correction_at : callable, optional
        ``correction_at(year) -> ndarray (n,)``: learned correction g per square metre of OPEN soil, signed.
        [mg m⁻² yr⁻¹] An input where positive; where negative the loss rate −g/(M C_ref). Leave out for none.
    correction_reference : ndarray, shape (n,), optional
        C_ref of negative corrections; the initial concentration when left out. [mg kg⁻¹]

    Yields
    ------
    YearStep
        In the order of ``years``; nothing is kept, so collect what is needed.

    Raises
    ------
    LedgerError
        If the stock from the exact update and the sum of the terms differ in any cell by more than the tolerance.
    ValueError
        If an input is negative, or falls on a cell without open soil.

    Notes
    -----
    Order within a year: ground is sealed or opened and the layer takes its new depth; rates are evaluated at the
    concentration so reached; the update is exact at these rates. With weathering closure the geogenic input is that of
    ``rates.weathering`` at the anchor min(C_bg, C_0) of the cell itself.
    ASSUME metal that leaches out of a layer thinner than the legal depth leaves the soil down to the legal depth:
    the subsoil store below a thin layer changes only by exchange.
    """
    initial = np.asarray(initial_concentration, dtype=float)
    anchor = np.minimum(background, initial)
    reference = initial if correction_reference is None else correction_reference
    closing = options.weathering_closure and not chemistry.inert_pool
    stores = Stores(initial, initial, initial)
    before: Setting | None = None
    scaled = _Memory(lambda setting: setting.with_depth(options.mixing_depth_scale))
    geogenic = _Memory(
        lambda setting, soil: weathering(setting, anchor, background, soil, chemistry, options.erosion_mode)
    )
    for year in years:
        setting = scaled(setting_at(year))
        soil = soil_at(year)
        begun, started = stores, setting if before is None else before
        sealing = layer_exchange = np.zeros(initial.shape)
        if setting is not started:
            stores, sealing, layer_exchange = rearrange(
                stores,
                (started.open_share, setting.open_share),
                (started.layer_mass, setting.layer_mass),
                setting.column_mass,
            )
        inputs = _checked(inputs_at(year), setting, year)
        if closing:
            inputs["weathering"] = np.maximum(
                geogenic(setting, soil) - natural_deposition(setting, inputs.get("background"), chemistry), 0.0
            )
        if options.erosion_mode == "subsoil_replacement":
            inputs["subsoil"] = subsoil_input(setting, background)
        deposited = inputs.get("deposition", 0.0) + inputs.get("background", 0.0)
        acting, clamped = rates(setting, stores.layer, soil, chemistry, deposited)
        gains = dict(inputs)
        if correction_at is not None:
            gains["correction"], acting["correction"] = correction_terms(
                correction_at(year), reference, setting.open_share, setting.layer_mass
            )
        step = advance(stores.layer, setting.safe_layer_mass, gains, acting)
        losses = dict(step.losses)
        correction = gains.get("correction", 0.0) - losses.pop("correction", 0.0) + np.zeros(initial.shape)

        stock_start = started.layer_mass * begun.layer
        unclipped = setting.layer_mass * step.concentration
        stock_end = np.maximum(unclipped, 0.0)
        clipping = stock_end - unclipped
        signed = {
            "sealing": sealing,
            "layer_exchange": layer_exchange,
            "correction": correction,
            "clipping": clipping,
        }
        closure = check_closure(
            stock_start, stock_end, inputs, losses, signed, options.closure_tolerance, chemistry.metal, year
        )
        stores = Stores(
            np.where(setting.open_share > 0.0, np.maximum(step.concentration, 0.0), stores.frozen),
            stores.subsoil,
            stores.frozen,
        )
        yield YearStep(
            year=year,
            layer_start=begun.layer,
            layer_end=stores.layer,
            legal_start=at_depth(begun, started.layer_mass, started.legal_mass),
            legal_end=at_depth(stores, setting.layer_mass, setting.legal_mass),
            inputs=inputs,
            losses=losses,
            rates=acting,
            **signed,
            stock_start=stock_start,
            stock_end=stock_end,
            ledger=regional_sums(inputs, losses, signed, stock_start, stock_end, cell_area_m2),
            closure=closure,
            clamped=clamped,
        )
        before = setting


def correction_terms(
    correction: Vector, reference: Vector, open_share: Vector, layer_mass: Vector
) -> tuple[Vector, Vector]:
    """Split a signed correction into an input and a loss rate.

    Parameters
    ----------
    correction : ndarray, shape (n,)
        Per square metre of open soil, positive = the soil gains. [mg m⁻² yr⁻¹]
    reference : ndarray, shape (n,)
        Concentration at which a negative correction removes its whole amount. [mg kg⁻¹]
    open_share, layer_mass : ndarray, shape (n,)
        [m² m⁻² of cell], [kg m⁻² of cell]

    Returns
    -------
    gain, rate : ndarray, shape (n,)
        [mg m⁻² of cell yr⁻¹] and [yr⁻¹]; at least one of the two is zero.

    Notes
    -----
    A loss that stays in proportion to the stock can never take more metal than there is.
    """
    on_cell = correction * open_share
    stock = layer_mass * reference
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(stock > 0.0, np.maximum(-on_cell, 0.0) / stock, 0.0)
    return np.maximum(on_cell, 0.0), rate


def _checked(given: Mapping[str, Vector], setting: Setting, year: int) -> dict[str, Vector]:
    """The given inputs as a dict of their own; refuses what would break the balance."""
    closed = setting.open_share <= 0.0
    for name, values in given.items():
        if name in ("weathering", "subsoil"):
            raise ValueError(f"{name} is computed by the budget, it cannot be given ({year})")
        if values.min(initial=0.0) < 0.0:
            raise ValueError(f"{name} of {year} is negative in a cell: {values.min():g} mg m-2 yr-1")
        if values[closed].any():
            raise ValueError(f"{name} of {year} falls on a cell without open soil")
    return dict(given)


class _Memory:
    """Remembers the result for the last arguments, compared by identity."""

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._arguments: tuple | None = None
        self._result = None

    def __call__(self, *arguments):
        known = self._arguments
        if known is None or any(one is not other for one, other in zip(known, arguments, strict=True)):
            self._result = self._function(*arguments)
            self._arguments = arguments
        return self._result
