"""The paper's findings as claims: what it says, what this study gives, whether it holds.

Each function judges one finding from numbers that the study computed. Nothing is tuned towards the paper; the rule by
which a claim holds is written into its row.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

COLUMNS = ("finding", "metal", "measure", "paper", "study", "unit", "holds", "rule")

# Overload expansion in 50 years as printed in the abstract: percent, of area or relative (it does not say which).
PAPER_OVERLOAD_PERCENT = {"as": 30.82, "cu": 31.04, "cd": 19.96, "pb": 28.48, "hg": 32.66}
# Two figures agree when they differ by less than this many percentage points.
AGREEMENT_POINTS = 10.0
# A trend below this share of the larger end is flat.
FLAT_SHARE = 0.01
# A decline of the mean capacity index by this much is pronounced. [1]
PRONOUNCED_DECLINE = 0.05
# High deposition is concentrated near sources if its share there is this many times that of land, and above one half.
CONCENTRATED_RATIO = 1.2

COMPARISON = "for comparison"
OVERLOAD = "overload zones expand"

Row = dict[str, object]


def row(
    finding: str,
    metal: str,
    measure: str,
    paper: object,
    study: object,
    unit: str,
    holds: bool | None,
    rule: str,
) -> Row:
    """One row of the claims table; `holds` None means that the finding cannot be judged here."""
    verdict = "not judged" if holds is None else ("yes" if holds else "no")
    values = (finding, metal, measure, paper, study, unit, verdict, rule)
    return dict(zip(COLUMNS, values, strict=True))


def direction(first: float, last: float) -> str:
    """``rises``, ``falls`` or ``flat`` from the first to the last value."""
    scale = max(abs(first), abs(last))
    if scale == 0.0 or abs(last - first) < FLAT_SHARE * scale:
        return "flat"
    return "rises" if last > first else "falls"


def relative_change(first: float, last: float) -> float:
    """Change from the first to the last value; NaN from nothing. [percent]"""
    return 100.0 * (last / first - 1.0) if first > 0.0 else float("nan")


def deposition_trend(metal: str, years: Sequence[int], plume: Sequence[float], total: Sequence[float]) -> list[Row]:
    """Deposition by decade, from the region's own sources and with the regional background.

    Parameters
    ----------
    metal : str
    years : sequence of int
        Modelled years, ascending.
    plume, total : sequence of float
        Mean deposition on a hectare of soil of the region's own emissions, and with background. [g ha⁻¹ yr⁻¹]
    """
    middle = int(np.argmin(np.abs(np.asarray(years) - 0.5 * (years[0] + years[-1]))))
    spans = [(0, middle), (middle, len(years) - 1)] if 0 < middle < len(years) - 1 else [(0, len(years) - 1)]
    rows = []
    for name, series in (("own sources", plume), ("with background", total)):
        for first, last in spans:
            way = direction(series[first], series[last])
            rows.append(
                row(
                    "deposition has steadily increased",
                    metal,
                    f"{name}, {years[first]}-{years[last]}: {way}",
                    "increases",
                    relative_change(series[first], series[last]),
                    "percent",
                    way == "rises",
                    "rises by more than 1 percent over the span",
                )
            )
    return rows


def agricultural_trend(
    metal: str, years: Sequence[int], inputs: Sequence[float], farmed_ha: Sequence[float]
) -> list[Row]:
    """Agricultural inputs [kg yr⁻¹], in total and per hectare of farmland [ha], from the first to the last year."""
    finding = "agricultural inputs have declined"
    way = direction(inputs[0], inputs[-1])
    span = f"{years[0]}-{years[-1]}"
    intensity = [amount / area if area > 0 else 0.0 for amount, area in zip(inputs, farmed_ha, strict=True)]
    return [
        row(
            finding,
            metal,
            f"fertiliser, manure, irrigation, pesticides, {span}: {way}",
            "declines",
            relative_change(inputs[0], inputs[-1]),
            "percent",
            way == "falls",
            "falls by more than 1 percent from the first to the last year",
        ),
        row(
            finding,
            metal,
            f"the same per hectare of farmland, {span}",
            "",
            relative_change(intensity[0], intensity[-1]),
            "percent",
            None,
            COMPARISON,
        ),
    ]


def random_reach(sources: int, near_km: float, land_km2: float) -> float:
    """Share of a region within reach of as many sources scattered at random. [1]

    Parameters
    ----------
    sources : int
    near_km : float
        [km]
    land_km2 : float
        [km²], > 0

    Returns
    -------
    float
        1 − exp(−n π r² / A): a Poisson scatter, edges left out.
    """
    return 1.0 - math.exp(-sources * math.pi * near_km**2 / land_km2)


def near_sources(
    metal: str,
    deposition: NDArray[np.float64],
    distance_km: NDArray[np.float64],
    near_km: float,
    sources: int,
    land_km2: float,
    holding_km: Mapping[int, float],
) -> list[Row]:
    """Where the highest-decile deposition lies, against where land lies.

    Parameters
    ----------
    metal : str
    deposition : ndarray, shape (n,)
        Deposition of the region's own emissions per square metre of soil. [any unit]
    distance_km : ndarray, shape (n,)
        Distance to the nearest point source that emits the metal. [km]
    near_km : float
        What counts as near. [km]
    sources : int
        Number of these point sources.
    land_km2 : float
        [km²]
    holding_km : mapping of percent to float
        Distance from its source within which that share of the point sources' deposited mass falls. [km]
    """
    finding = f"high deposition is concentrated within {near_km:g} km of point sources"
    if sources == 0 or deposition.size == 0 or not deposition.max() > 0.0:
        return [row(finding, metal, "no point source emits it", "concentrated", "", "", None, "needs a point source")]
    top = deposition >= np.quantile(deposition, 0.9)
    share = float(np.mean(distance_km[top] <= near_km))
    land = float(np.mean(distance_km <= near_km))
    ratio = share / land if land > 0 else float("nan")
    # Where nearly all land is near a source, no pattern could reach the ratio.
    judged = land * CONCENTRATED_RATIO < 1.0
    rows = [
        row(
            finding,
            metal,
            f"share of the highest decile within {near_km:g} km",
            "concentrated",
            100.0 * share,
            "percent",
            share > 0.5 and ratio > CONCENTRATED_RATIO if judged else None,
            f"more than half of it, and {CONCENTRATED_RATIO:g} times the share of land there; "
            "not judged where more land than that is near",
        )
    ]
    random = 100.0 * random_reach(sources, near_km, land_km2)
    for measure, value, unit in (
        (f"share of land within {near_km:g} km", 100.0 * land, "percent"),
        (f"share of land within {near_km:g} km of {sources} sources scattered at random", random, "percent"),
        ("ratio of the highest decile to land", ratio, "1"),
        *((f"distance that holds {p} percent of the deposited mass", d, "km") for p, d in holding_km.items()),
    ):
        rows.append(row(finding, metal, measure, "", value, unit, None, COMPARISON))
    return rows


def output_ranking(metal: str, outputs: Mapping[str, float]) -> Row:
    """Ranking of the losses of soil metal [kg yr⁻¹] in the last modelled year."""
    ranked = sorted(outputs, key=lambda name: -outputs[name])
    total = sum(outputs.values())
    text = ", ".join(f"{name} {100.0 * outputs[name] / total:.0f} %" for name in ranked) if total > 0 else "no loss"
    return row(
        "leaching and erosion are the dominant losses",
        metal,
        text,
        "leaching and erosion first",
        100.0 * (outputs["leaching"] + outputs["erosion"]) / total if total > 0 else float("nan"),
        "percent",
        set(ranked[:2]) == {"leaching", "erosion"},
        "they are the two largest",
    )


def runoff_trend(
    metal: str, years: Sequence[int], runoff: Sequence[float], wash_off: Sequence[float], sealed_share: Sequence[float]
) -> list[Row]:
    """Metal in runoff from open soil and off sealed ground [kg yr⁻¹] as sealed ground grows [1]."""
    total = [soil + washed for soil, washed in zip(runoff, wash_off, strict=True)]
    way = direction(total[0], total[-1])
    finding = "runoff increases with impervious surface"
    span = f"{years[0]}-{years[-1]}"

    def change(series: Sequence[float]) -> float:
        return relative_change(series[0], series[-1])

    sealed = 100.0 * (sealed_share[-1] - sealed_share[0])
    return [
        row(
            finding,
            metal,
            f"soil runoff and wash-off, {span}: {way} while sealed ground grows {sealed:.1f} points",
            "increases",
            change(total),
            "percent",
            way == "rises" if sealed > 0 else None,
            "rises as sealed ground grows",
        ),
        row(
            finding,
            metal,
            f"runoff from open soil alone, {span}",
            "",
            change(runoff),
            "percent",
            None,
            COMPARISON,
        ),
        row(finding, metal, f"wash-off alone, {span}", "", change(wash_off), "percent", None, COMPARISON),
    ]


def capacity_decline(metal: str, correction: str, start: float, end: float) -> Row:
    """Mean capacity index over land with a limit, at the start and after the forecast."""
    judged = np.isfinite(start) and np.isfinite(end)
    return row(
        "carrying capacity declines after 50 years",
        metal,
        f"mean capacity index {start:.3f} to {end:.3f}, {correction} correction" if judged else "no limit",
        "pronounced decline",
        end - start,
        "1",
        end < start - PRONOUNCED_DECLINE if judged else None,
        f"the mean index falls by more than {PRONOUNCED_DECLINE:g}",
    )


def overload_expansion(metal: str, measure: str, start: float, end: float) -> list[Row]:
    """Overloaded share of open soil [1] at the start and after the forecast, in points and relative."""
    paper = PAPER_OVERLOAD_PERCENT.get(metal)
    points = 100.0 * (end - start)
    rule = f"grows, and differs from the paper by less than {AGREEMENT_POINTS:g}"

    def agrees(value: float) -> bool | None:
        if paper is None:
            return None
        return bool(np.isfinite(value) and value > 0 and abs(value - paper) < AGREEMENT_POINTS)

    printed = "" if paper is None else paper
    way = direction(start, end)
    ends = f"{100.0 * start:.2f} to {100.0 * end:.2f} % of open soil"
    relative = relative_change(start, end)
    return [
        row(
            OVERLOAD,
            metal,
            f"{measure}, {ends}: {way}",
            "expand substantially",
            points,
            "percentage points",
            way == "rises",
            "the overloaded area grows by more than 1 percent of itself",
        ),
        row(OVERLOAD, metal, f"{measure}, points of area", printed, points, "percentage points", agrees(points), rule),
        row(OVERLOAD, metal, f"{measure}, relative growth", printed, relative, "percent", agrees(relative), rule),
    ]


def overload_split(metal: str, measure: str, by_concentration: float, by_limit: float) -> list[Row]:
    """The expansion [percentage points] split into change of concentration and change of limit."""
    return [
        row(OVERLOAD, metal, f"{measure}, by change of {cause}", "", value, "percentage points", None, "split")
        for cause, value in (("concentration", by_concentration), ("limit and land use", by_limit))
    ]


def overload_range(metal: str, measure: str, points: Sequence[float]) -> Row:
    """Range of the expansion [percentage points] over the sensitivity table; is the paper's figure in it?"""
    paper = PAPER_OVERLOAD_PERCENT.get(metal)
    known = [value for value in points if np.isfinite(value)]
    text = f"{min(known):.2f} to {max(known):.2f}" if known else ""
    return row(
        OVERLOAD,
        metal,
        f"{measure}, range over {len(known)} variants of depth, limits, erosion and closure",
        "" if paper is None else paper,
        text,
        "percentage points",
        min(known) <= paper <= max(known) if known and paper is not None else None,
        "the paper's figure, read as points of area, lies inside the range",
    )


def forest_risk(measure: str, shares: Mapping[str, float]) -> Row:
    """Overloaded share of forest [1] by metal at the end: which metals lead."""
    ranked = sorted(shares, key=lambda name: -shares[name])
    text = ", ".join(f"{name} {100.0 * shares[name]:.1f} %" for name in ranked)
    judged = len(shares) >= 3 and {"as", "cu"} <= set(shares)
    leading = judged and shares[ranked[1]] > 0.0 and set(ranked[:2]) == {"as", "cu"}
    return row(
        "forest risk is dominated by As and Cu",
        "all",
        f"{measure}: {text}",
        "As and Cu",
        ", ".join(ranked[:2]),
        "",
        leading if judged else None,
        "they are the two metals with the largest overloaded share of forest; needs both and a third",
    )


def capacity_by_landuse(metal: str, change: Mapping[str, float]) -> Row:
    """Change of the mean capacity index by land use [1] over the forecast."""
    finite = {name: value for name, value in change.items() if np.isfinite(value)}
    ranked = sorted(finite, key=lambda name: finite[name])
    text = ", ".join(f"{name} {finite[name]:+.3f}" for name in ranked)
    cultivated = [finite[name] for name in ("paddy", "dryland", "orchard") if name in finite]
    judged = bool(cultivated) and "residential" in finite and "forest" in finite
    sharp = judged and max(float(np.mean(cultivated)), finite["residential"]) < finite["forest"]
    return row(
        "capacity declines sharply in cultivated and residential land",
        metal,
        text,
        "cultivated and residential fall most",
        ranked[0] if ranked else "",
        "",
        bool(sharp) if judged else None,
        "cultivated (mean of its classes) and residential both fall more than forest",
    )
