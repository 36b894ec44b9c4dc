"""Sorption relations between soil and pore water, each on its own basis and pH scale.

One public function turns whichever relation the study chose into an effective partition coefficient of the total
metal, so that nothing downstream needs to know about reactive fractions, labile pools or pH scales.
"""

from collections.abc import Callable, Mapping

import numpy as np

from metalbudget.errors import InputError

ORGANIC_MATTER_PER_CARBON = 1.724  # van Bemmelen factor (convention)
MICROGRAM_PER_MILLIGRAM = 1000.0
TOTAL_BASES = ("total", "reactive", "labile")
SMALLEST_CONTENT_MG_KG = 1e-9  # keeps the logarithm finite where a soil holds no metal


def available(coefficients: Mapping[str, float | str]) -> list[str]:
    """Choices that ``effective_kd`` can use for the metal whose coefficients are given.

    Parameters
    ----------
    coefficients : mapping
        Rows of ``kd.csv`` for one metal, keyed ``choice/coefficient``.

    Returns
    -------
    list of str
        Names in alphabetical order. Rows that hold for a single species (Cr(VI), CH3Hg) are left out: their
        basis is not the total metal.
    """
    return sorted(
        key.rpartition("/")[0] for key, value in coefficients.items() if key.endswith("/basis") and value in TOTAL_BASES
    )


def effective_kd(
    choice: str,
    metal: str,
    concentration: np.ndarray,
    soil: Mapping[str, np.ndarray],
    coefficients: Mapping[str, float | str],
    ph_offsets: Mapping[str, float],
    minimum: float,
    maximum: float,
) -> tuple[np.ndarray, int]:
    r"""Effective partition coefficient of the total metal, 1000 T / c.

    Relations on the reactive or labile metal are converted here: the pore-water concentration c is computed on
    the relation's own basis, and the coefficient returned always refers to the total content T. Never multiply
    it by a reactive fraction again.

    Parameters
    ----------
    choice : str
        Relation, e.g. ``sauve_2000`` (see ``available``).
    metal : str
        Symbol, lower case; used in messages only.
    concentration : ndarray, shape (n,)
        Total content T of the soil. [mg kg⁻¹], ≥ 0
    soil : mapping of ndarray, shape (n,)
        ``ph_water`` [1], ``organic_carbon_pct`` [%], ``clay_pct`` [%].
    coefficients : mapping
        Rows of ``kd.csv`` for this metal, keyed ``choice/coefficient``.
    ph_offsets : mapping
        pH on another scale minus pH in water: keys ``cacl2`` and ``kcl``. [1]
    minimum, maximum : float
        Bounds of the effective coefficient. [L kg⁻¹]

    Returns
    -------
    kd_total : ndarray, shape (n,)
        1000 T / c with T in mg kg⁻¹ and c in µg L⁻¹. [L kg⁻¹]; NaN where an input is NaN.
    n_clamped : int
        Cells in which a soil property lay outside the relation's valid range, the reactive content came out above
        the total, or the coefficient outside its bounds.

    Raises
    ------
    InputError
        If the table has no such relation for the metal; the message lists those it has.
    ValueError
        If the bounds are not 0 < minimum <= maximum.

    Notes
    -----
    Forms (column ``form`` of the table), all logarithms to base 10:

    - ``constant``: log Kd = intercept + ph_slope_above · max(pH − ph_threshold, 0)
    - ``log_kd``: log Kd = intercept + a pH + b log OC + c log T, on total metal, or on labile metal
      (Degryse et al. 2009, Eur. J. Soil Sci. 60:590), where Kd_total = Kd / E
    - ``log_c``: log c = intercept + a pH + b log OC + c log clay + d log T, c in µg L⁻¹
      (Sauvé et al. 2000, doi:10.1021/es9907764; Otte et al. 2000)
    - ``table``: log Kd linear in pH between tabulated values (EPA Soil Screening Guidance 1996)
    - ``two_step``: reactive content, then a Freundlich isotherm in mg kg⁻¹ and mg L⁻¹
      (Römkens et al. 2004; de Vries et al. 2008)

    The relations' own ranges (``ph_minimum`` ...) bound their inputs; values outside are moved to the nearest
    bound and counted, because a logarithmic regression extrapolates by orders of magnitude.
    """
    if not 0 < minimum <= maximum:
        raise ValueError(f"bounds of Kd must satisfy 0 < minimum <= maximum, got {minimum:g} and {maximum:g}")
    rows = _rows_of(choice, metal, coefficients)
    offset = 0.0 if rows["ph_basis"] == "water" else float(ph_offsets[str(rows["ph_basis"])])

    content = np.asarray(concentration, dtype=float)
    ph, outside_ph = _bounded(np.asarray(soil["ph_water"], dtype=float) + offset, rows, "ph")
    carbon, outside_carbon = _bounded(soil["organic_carbon_pct"], rows, "organic_carbon_pct")
    clay, outside_clay = _bounded(soil["clay_pct"], rows, "clay_pct")
    clamped = outside_ph | outside_carbon | outside_clay | (content < SMALLEST_CONTENT_MG_KG)
    content = np.maximum(content, SMALLEST_CONTENT_MG_KG)

    log_kd, above_total = _FORMS[str(rows["form"])](rows, content, ph, carbon, clay)
    clamped = clamped | above_total
    with np.errstate(over="ignore"):
        kd = 10.0**log_kd
    clamped = clamped | (kd < minimum) | (kd > maximum)
    return np.clip(kd, minimum, maximum), int(np.count_nonzero(clamped))


def _rows_of(choice: str, metal: str, coefficients: Mapping[str, float | str]) -> dict[str, float | str]:
    """Coefficients of one relation, or an ``InputError`` that lists the relations there are."""
    names = available(coefficients)
    if choice not in names:
        raise InputError(
            f"no sorption relation '{choice}' for the total content of {metal}",
            where=f"metals.{metal}.kd",
            found=choice,
            expected=", ".join(names) if names else "no relation is tabulated for this metal",
            mend="choose one of these, or add rows to resources/parameters/kd.csv",
        )
    prefix = f"{choice}/"
    return {key.removeprefix(prefix): value for key, value in coefficients.items() if key.startswith(prefix)}


def _bounded(values: np.ndarray, rows: Mapping[str, float | str], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values moved into the relation's range, and where that was needed."""
    values = np.asarray(values, dtype=float)
    low = float(rows.get(f"{name}_minimum", -np.inf))
    high = float(rows.get(f"{name}_maximum", np.inf))
    return np.clip(values, low, high), (values < low) | (values > high)


def _linear(
    rows: Mapping[str, float | str], content: np.ndarray, ph: np.ndarray, carbon: np.ndarray, clay: np.ndarray
) -> np.ndarray:
    """Intercept plus slope times each property that the relation uses."""
    result = np.full(np.broadcast_shapes(content.shape, ph.shape), float(rows["intercept"]))
    terms = {
        "ph": lambda: ph,
        "log_organic_carbon": lambda: np.log10(carbon),
        "log_clay": lambda: np.log10(clay),
        "log_content": lambda: np.log10(content),
    }
    for name, values in terms.items():
        if name in rows:
            result = result + float(rows[name]) * values()
    return result


def _constant(rows, content, ph, carbon, clay):
    """A constant, lowered above a threshold pH for oxyanions that desorb there."""
    above = np.maximum(ph - float(rows.get("ph_threshold", np.inf)), 0.0)
    log_kd = float(rows["intercept"]) + float(rows.get("ph_slope_above", 0.0)) * above
    return np.where(np.isnan(content), np.nan, log_kd), np.zeros(content.shape, dtype=bool)


def _log_kd(rows, content, ph, carbon, clay):
    """A regression for log Kd, of the total or of the labile metal."""
    labile_fraction = float(rows.get("labile_fraction", 1.0))
    log_kd = _linear(rows, content, ph, carbon, clay) - np.log10(labile_fraction)
    return np.where(np.isnan(content), np.nan, log_kd), np.zeros(content.shape, dtype=bool)


def _log_c(rows, content, ph, carbon, clay):
    """A regression for the logarithm of the pore-water concentration in µg/L."""
    log_c = _linear(rows, content, ph, carbon, clay)
    return np.log10(MICROGRAM_PER_MILLIGRAM * content) - log_c, np.zeros(content.shape, dtype=bool)


def _table(rows, content, ph, carbon, clay):
    """Tabulated values, interpolated in pH on a logarithmic scale."""
    prefix = "kd_ph_"
    points = sorted((float(name.removeprefix(prefix)), float(rows[name])) for name in rows if name.startswith(prefix))
    log_kd = np.interp(ph, [point for point, _ in points], np.log10([value for _, value in points]))
    return np.where(np.isnan(content), np.nan, log_kd), np.zeros(content.shape, dtype=bool)


def _two_step(rows, content, ph, carbon, clay):
    """Reactive content from the total, then a Freundlich isotherm solved for the pore water."""
    log_matter = np.log10(ORGANIC_MATTER_PER_CARBON * carbon)
    log_clay = np.log10(clay)
    log_content = np.log10(content)
    log_reactive = (
        log_content
        - float(rows["reactive_intercept"])
        - float(rows["reactive_log_organic_matter"]) * log_matter
        - float(rows["reactive_log_clay"]) * log_clay
    ) / float(rows["reactive_log_reactive"])
    above_total = log_reactive > log_content
    log_reactive = np.minimum(log_reactive, log_content)
    log_kf = (
        float(rows["freundlich_intercept"])
        + float(rows["freundlich_log_organic_matter"]) * log_matter
        + float(rows["freundlich_log_clay"]) * log_clay
        + float(rows["freundlich_ph"]) * ph
        + float(rows["freundlich_log_doc"]) * np.log10(float(rows["dissolved_organic_carbon_mg_l"]))
    )
    log_c_mg_l = (log_reactive - log_kf) / float(rows["freundlich_exponent"])
    return log_content - log_c_mg_l, above_total


_FORMS: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "constant": _constant,
    "log_kd": _log_kd,
    "log_c": _log_c,
    "table": _table,
    "two_step": _two_step,
}


def freundlich_intercept(intercept_mol: float, molar_mass: float, exponent: float) -> float:
    """Freundlich intercept in mg/kg and mg/L from the one in mol/kg and mmol/L.

    Parameters
    ----------
    intercept_mol : float
        log10 Kf with the content in mol kg⁻¹ and the solution in mmol L⁻¹.
    molar_mass : float
        [g mol⁻¹]
    exponent : float
        Freundlich exponent n. [1]

    Returns
    -------
    float
        log10 Kf with the content in mg kg⁻¹ and the solution in mg L⁻¹.

    Notes
    -----
    1 mol/kg = 1000 M mg/kg and 1 mmol/L = M mg/L, so Kf' = Kf · 1000 M / Mⁿ. Published tables circulate in both
    systems; cadmium's −4.85 is −0.91 here.
    """
    return intercept_mol + 3.0 + (1.0 - exponent) * float(np.log10(molar_mass))
