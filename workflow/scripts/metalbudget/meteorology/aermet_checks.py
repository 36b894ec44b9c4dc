"""What cannot be in the hours of AERMET's files: values out of range, in another unit, or at odds with each other."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, InputErrors
from metalbudget.meteorology.constants import VON_KARMAN

# What a value outside the range most often is.
MENDS = {
    "temperature_k": "the surface file holds kelvin: add 273.15 to degrees Celsius",
    "wind_speed_m_s": "the file holds m/s: multiply knots by 0.5144, divide km/h by 3.6",
    "pressure_pa": "the file holds millibar: divide pascal by 100, multiply kilopascal by 10",
    "obukhov_length_m": "a neutral hour is written with a large length, a missing one with -99999",
}

SMALLEST_FRICTION_VELOCITY_M_S = 0.001  # three decimals are written; AERMET's own smallest are above 0.01

PROFILE_MENDS = {
    "temperature_k": "the profile file holds degrees Celsius: take 273.15 from kelvin",
    "wind_speed_m_s": MENDS["wind_speed_m_s"],
}
HOURS_TO_JUDGE = 24  # fewer hours say nothing about the unit of a whole column
GREATEST_MEAN_WIND_M_S = 15.0  # no weather station sees a year's mean this high; in km/h or knots it is common
# A storm's hours may: then the wind is that of the neutral profile of its friction velocity, not 1.9 or 3.6 times it.
GREATEST_OVER_NEUTRAL = 1.5
SMALLEST_GREATEST_HEIGHT_M = 10.0  # no day's mixing height stays below; in kilometres every one does


def broken_codes(columns: dict[str, NDArray], numbers: list[int], path: str | Path) -> list[InputError]:
    """Columns of whole numbers that hold others: the columns of the row are shifted."""
    problems = []
    for name, values in columns.items():
        broken = np.isfinite(values) & (values != np.round(values))
        if broken.any():
            row = int(np.argmax(broken))
            problems.append(
                InputError(
                    "not a whole number",
                    file=path,
                    where=f"{name}, row {numbers[row]}",
                    found=f"{values[row]:g}",
                    expected="a whole number",
                    mend="see whether a column is missing or stands twice",
                )
            )
    return problems


def clean(
    columns: dict[str, NDArray],
    numbers: list[int],
    path: str | Path,
    kinds: Mapping[str, tuple],
    mends: Mapping[str, str],
) -> tuple[dict[str, NDArray], list[InputError]]:
    """Missing codes become NaN; a column with values out of its range is a problem, told by its first row."""
    clean: dict[str, NDArray] = {}
    problems = []
    for name, values in columns.items():
        codes, low, high = kinds[name][-3:]
        known = np.where(np.isin(values, codes), np.nan, values)
        # NaN and infinity are no numbers of AERMET's
        bad = (~np.isfinite(values) & (len(codes) > 0)) & ~np.isnan(values)
        bad |= np.isfinite(known) & ((known < low) | (known > high))
        if bad.any():
            row = int(np.argmax(bad))
            share = f" and {bad.sum() - 1} more" if bad.sum() > 1 else ""
            problems.append(
                InputError(
                    "a value is out of its physical range",
                    file=path,
                    where=f"{name}, row {numbers[row]}{share}",
                    found=f"{values[row]:g}",
                    expected=f"{low:g}..{high:g}{' mb' if name == 'pressure_pa' else ''}",
                    mend=mends.get(name),
                )
            )
        clean[name] = known
    return clean, problems


def unit_problems(clean: dict[str, NDArray], path: str | Path) -> list[InputError]:
    """Units that a range per value cannot tell: the wind's mean, and mixing heights in kilometres."""
    problems = []
    wind = clean["wind_speed_m_s"]
    known = np.isfinite(wind) & (wind > 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        neutral = np.log(clean["anemometer_height_m"] / clean["roughness_m"]) / VON_KARMAN
        over_neutral = (wind / (clean["friction_velocity_m_s"] * neutral))[known]
    wind = wind[known]
    over_neutral = over_neutral[np.isfinite(over_neutral) & (over_neutral > 0.0)]
    storm = over_neutral.size > 0 and np.median(over_neutral) < GREATEST_OVER_NEUTRAL
    if wind.size >= HOURS_TO_JUDGE and wind.mean() > GREATEST_MEAN_WIND_M_S and wind.max() <= 50.0 and not storm:
        problems.append(
            InputError(
                "the mean wind speed is too high for metres per second",
                file=path,
                where="wind_speed_m_s",
                found=f"{wind.mean():.1f}",
                expected=f"at most {GREATEST_MEAN_WIND_M_S:g}",
                mend=MENDS["wind_speed_m_s"],
            )
        )
    windy = np.where(clean["friction_velocity_m_s"] > 0.15, clean["mechanical_height_m"], np.nan)  # 130 m and more
    for name, values in (
        ("mechanical_height_m", windy),
        ("convective_height_m", clean["convective_height_m"]),
    ):
        known = values[np.isfinite(values)]
        if known.size >= HOURS_TO_JUDGE // 4 and known.max() < SMALLEST_GREATEST_HEIGHT_M:
            problems.append(
                InputError(
                    "the mixing heights are too low for metres",
                    file=path,
                    where=name,
                    found=f"at most {known.max():g}",
                    expected="metres; heights above 10 m occur in every file",
                    mend="multiply kilometres by 1000",
                )
            )
    return problems


def needed_problems(
    clean: dict[str, NDArray], valid: NDArray[np.bool_], numbers: list[int], path: str | Path
) -> list[InputError]:
    """Heights a plume needs in every hour that is neither calm nor missing."""
    problems = []
    for name in ("roughness_m", "anemometer_height_m", "temperature_height_m"):
        bad = valid & ~(clean[name] > 0.0)
        if bad.any():
            problems.append(
                InputError(
                    "an hour with wind lacks a height",
                    file=path,
                    where=f"{name}, row {numbers[int(np.argmax(bad))]}",
                    found="missing or zero",
                    expected="a height above zero",
                )
            )
    still = valid & (clean["friction_velocity_m_s"] < SMALLEST_FRICTION_VELOCITY_M_S)
    if still.any():
        row = int(np.argmax(still))
        problems.append(
            InputError(
                "an hour with wind has no friction velocity",
                file=path,
                where=f"friction_velocity_m_s, row {numbers[row]}",
                found=f"{clean['friction_velocity_m_s'][row]:g}",
                expected=f"m/s, at least {SMALLEST_FRICTION_VELOCITY_M_S:g}; -9 where it is missing",
            )
        )
    convective = clean["obukhov_length_m"] < 0.0
    contrary = valid & ~convective & (clean["convective_velocity_m_s"] > 0.0)
    if contrary.any():
        row = int(np.argmax(contrary))
        problems.append(
            InputError(
                "a stable hour has a convective velocity",
                file=path,
                where=f"convective_velocity_m_s, row {numbers[row]}",
                found=f"{clean['convective_velocity_m_s'][row]:g} m/s, with an Obukhov length of "
                f"{clean['obukhov_length_m'][row]:g} m",
                mend="stable hours have a positive Obukhov length and -9 here, convective ones a negative length",
            )
        )
    zero = valid & (clean["obukhov_length_m"] == 0.0)
    if zero.any():
        problems.append(
            InputError(
                "the Obukhov length is zero",
                file=path,
                where=f"obukhov_length_m, row {numbers[int(np.argmax(zero))]}",
                found=0,
                expected="a length of at least 1 m, positive or negative",
                mend=MENDS["obukhov_length_m"],
            )
        )
    return problems


def level_problems(
    clean: dict[str, NDArray], starts: NDArray[np.int64], numbers: list[int], path: str | Path
) -> list[InputError]:
    """Heights of zero, and levels that are missing or too many by the mark of an hour's last one."""
    problems = []
    ground = clean["height_m"] <= 0.0
    last = np.zeros(ground.size, dtype=bool)
    last[np.r_[starts[1:], ground.size] - 1] = True
    marked = clean["top"] == 1.0
    for which, message, expected in (
        (ground, "a level stands on the ground", "a height above zero"),
        (last & ~marked, "the last level of an hour is not marked as its top", "1 behind its height"),
        (marked & ~last, "an hour has levels behind the one that is marked as its top", "0 behind its height"),
    ):
        if which.any():
            row = int(np.argmax(which))
            problems.append(
                InputError(
                    message,
                    file=path,
                    where=f"row {numbers[row]}",
                    found=f"height {clean['height_m'][row]:g}, top {clean['top'][row]:g}",
                    expected=expected,
                    mend="the file may have lost rows: write it anew",
                )
            )
    return problems


def refuse(problems: list[InputError]) -> None:
    """Raise one problem, or several together; nothing if there is none."""
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)
