"""Weather files and deck of the Prairie Grass case, from the published figures in runs.csv.

Run it in its folder after a change of runs.csv; what is derived here and why stands in case.json.
"""

import csv
import math
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
ARCS_M = (50, 100, 200, 400, 800)  # Barad 1958
AZIMUTHS_DEG = range(30, 151, 2)  # samplers stood 2° apart (1° on the last arc); the plume axis is 90°
RELEASE_HEIGHT_M, SAMPLER_HEIGHT_M = 0.46, 1.5  # Barad 1958
WIND_HEIGHT_M, ROUGHNESS_M = 2.0, 0.008  # of the published wind; of the analysis that gave the published u*
KARMAN = 0.4  # AERMOD's
TEMPERATURE_K, PRESSURE_HPA, HUMIDITY_PCT = 300.0, 945.0, 50.0  # nominal: no influence on a passive release
GAS_CONSTANT, HEAT_CAPACITY, GRAVITY = 287.0, 1004.0, 9.81  # dry air [J kg⁻¹ K⁻¹], [J kg⁻¹ K⁻¹], [m s⁻²]
LAPSE_ABOVE_K_M = 0.005  # EPA-454/R-03-004: above the convective layer


def stability_correction(height_m: float, obukhov_m: float) -> float:
    """ψ of the wind profile as AERMET and AERMOD use it (EPA-454/R-03-004; van Ulden & Holtslag 1985 when stable)."""
    if obukhov_m > 0.0:
        return -17.0 * (1.0 - math.exp(-0.29 * height_m / obukhov_m))
    root = (1.0 - 16.0 * height_m / obukhov_m) ** 0.25
    return 2.0 * math.log((1.0 + root) / 2.0) + math.log((1.0 + root**2) / 2.0) - 2.0 * math.atan(root) + math.pi / 2.0


def friction_velocity(wind_m_s: float, obukhov_m: float) -> float:
    """u* that the wind at 2 m has in AERMOD's profile. [m s⁻¹]"""
    profile = (
        math.log(WIND_HEIGHT_M / ROUGHNESS_M)
        - stability_correction(WIND_HEIGHT_M, obukhov_m)
        + stability_correction(ROUGHNESS_M, obukhov_m)
    )
    return KARMAN * wind_m_s / profile


def surface_line(number: int, run: dict[str, str]) -> str:
    """One hour of the surface file; fields as in the AERMET user's guide."""
    day, hour = label(number)
    obukhov, wind = float(run["obukhov_length_m"]), float(run["wind_speed_2m_m_s"])
    friction = friction_velocity(wind, obukhov)
    density = 100.0 * PRESSURE_HPA / (GAS_CONSTANT * TEMPERATURE_K)
    kinematic_flux = -(friction**3) * TEMPERATURE_K / (KARMAN * GRAVITY * obukhov)
    heat = kinematic_flux * density * HEAT_CAPACITY
    mechanical = min(4000.0, 2300.0 * friction**1.5)  # Venkatram 1980 as in AERMET, unsmoothed
    convective, velocity, lapse = -999.0, -9.0, -9.0
    if run["convective_height_m"] and obukhov < 0.0:
        convective, lapse = float(run["convective_height_m"]), LAPSE_ABOVE_K_M
        velocity = (GRAVITY * convective * kinematic_flux / TEMPERATURE_K) ** (1.0 / 3.0)
    return (
        f"{day:%y %m %d} {day:%j} {hour:2d} {heat:6.1f} {friction:6.3f} {velocity:6.3f} {lapse:6.3f} {convective:5.0f} "
        f"{mechanical:5.0f} {obukhov:8.1f} {ROUGHNESS_M:7.4f} {1.0:6.2f} {0.2:6.2f} {wind:7.2f} {270.0:5.1f} "
        f"{WIND_HEIGHT_M:6.1f} {TEMPERATURE_K:6.1f} {WIND_HEIGHT_M:6.1f} {0:5d} {0.0:6.2f} {HUMIDITY_PCT:6.0f} "
        f"{PRESSURE_HPA:6.0f} {0:5d} NAD-SFC NoSubs"
    )


def profile_line(number: int, run: dict[str, str]) -> str:
    """One level at 2 m with the measured spread of wind direction."""
    day, hour = label(number)
    return (
        f"{day:%y %m %d} {hour:2d} {WIND_HEIGHT_M:7.1f} 1 {270.0:7.1f} {float(run['wind_speed_2m_m_s']):8.2f} "
        f"{99.0:8.2f} {float(run['wind_direction_sd_deg']):8.2f} {99.0:8.2f}"
    )


def label(number: int) -> tuple[date, int]:
    """Day and hour that stand for a run: the runs one after another, not their clock times."""
    return date(1956, 7, 3) + timedelta(days=number // 24), number % 24 + 1


def deck(runs: int) -> list[str]:
    receptors = [
        f"   DISCCART {arc * math.sin(math.radians(azimuth)):9.3f} {arc * math.cos(math.radians(azimuth)):9.3f}"
        for arc in ARCS_M
        for azimuth in AZIMUTHS_DEG
    ]
    last, hour = label(runs - 1)
    first = label(0)[0]
    return [
        "CO STARTING",
        "   TITLEONE Prairie Grass 1956, one hour a run, wind from 270, unit release",
        "   MODELOPT CONC FLAT",
        "   AVERTIME 1",
        "   POLLUTID OTHER",
        f"   FLAGPOLE {SAMPLER_HEIGHT_M}",
        "   RUNORNOT RUN",
        "CO FINISHED",
        "SO STARTING",
        "   LOCATION S1 POINT 0 0 0",
        f"   SRCPARAM S1 1.0 {RELEASE_HEIGHT_M} 0.0 0.1 0.001",
        "   SRCGROUP ALL",
        "SO FINISHED",
        "RE STARTING",
        *receptors,
        "RE FINISHED",
        "ME STARTING",
        "   SURFFILE prairie_grass.sfc",
        "   PROFFILE prairie_grass.pfl",
        "   SURFDATA 99999 1956",
        "   UAIRDATA 99999 1956",
        "   PROFBASE 0.0",
        f"   STARTEND {first:%y %m %d} 1 {last:%y %m %d} {hour}",
        "ME FINISHED",
        "OU STARTING",
        "   POSTFILE 1 ALL PLOT prairie_grass.pst",
        "OU FINISHED",
    ]


def files() -> dict[str, str]:
    """Contents of the deck and its weather by file name."""
    with open(HERE / "runs.csv", newline="") as table:
        runs = list(csv.DictReader(table))
    header = "   42.493N   98.567W          UA_ID: 99999     SF_ID: 99999     OS_ID:              VERSION: 24142"
    contents = {
        "prairie_grass.sfc": [header, *(surface_line(*row) for row in enumerate(runs))],
        "prairie_grass.pfl": [profile_line(*row) for row in enumerate(runs)],
        "prairie_grass.inp": deck(len(runs)),
    }
    return {name: "\n".join(lines) + "\n" for name, lines in contents.items()}


if __name__ == "__main__":
    for name, content in files().items():
        (HERE / name).write_text(content)
