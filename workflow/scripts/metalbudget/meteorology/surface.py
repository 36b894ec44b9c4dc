"""Albedo, Bowen ratio and roughness of a station's surroundings, by month and by the direction the wind comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

MONTHS = 12
MOISTURES = ("dry", "average", "wet")
SNOW_FREE_WINTER = "autumn"  # AERSURFACE user's guide: winter without snow has the values of late autumn


@dataclass(frozen=True, eq=False)
class SurfaceCharacteristics:
    """What the surface around the station is like.

    Parameters
    ----------
    sector_starts_deg : ndarray, shape (sectors,)
        Ascending; each sector reaches clockwise to the next start, the last to the first. [degree]
    albedo, bowen_ratio, roughness_m : ndarray, shape (12, sectors)
        By month, January first. The albedo is that under a high sun. [1], [1], [m]
    """

    sector_starts_deg: NDArray[np.float64]
    albedo: NDArray[np.float64]
    bowen_ratio: NDArray[np.float64]
    roughness_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        starts = np.asarray(self.sector_starts_deg, float)
        if starts.ndim != 1 or not starts.size or np.any(np.diff(starts) <= 0.0) or not 0.0 <= starts[0] < 360.0:
            raise ValueError("sectors must start at ascending directions from 0 to below 360 degrees")
        for name, low in (("albedo", 0.0), ("bowen_ratio", 0.0), ("roughness_m", 0.0)):
            values = np.asarray(getattr(self, name))
            if values.shape != (MONTHS, starts.size):
                raise ValueError(f"{name} must have the shape (12, {starts.size}), not {values.shape}")
            if not np.all(values > low) or (name == "albedo" and np.any(values >= 1.0)):
                raise ValueError(f"{name} is out of its range")

    @classmethod
    def monthly(cls, albedo: ArrayLike, bowen_ratio: ArrayLike, roughness_m: ArrayLike) -> Self:
        """The same all around: numbers, or twelve values each."""
        columns = [np.broadcast_to(np.asarray(value, float), (MONTHS,)) for value in (albedo, bowen_ratio, roughness_m)]
        return cls(np.zeros(1), *(column[:, None].copy() for column in columns))

    @classmethod
    def from_land_use(
        cls,
        shares: Sequence[Mapping[str, float]],
        sector_starts_deg: ArrayLike,
        table: Mapping[str, float],
        *,
        moisture: str | Sequence[str] = "average",
        snow_months: Sequence[int] = (),
        southern: bool = False,
    ) -> Self:
        """Averages over the land uses of each sector.

        Parameters
        ----------
        shares : sequence of mapping
            For each sector, share of the area by land use. [1]
        sector_starts_deg : array_like, shape (sectors,)
            [degree]
        table : mapping
            ``land use/season/quantity`` of surface_characteristics.csv.
        moisture : str or sequence of str
            dry, average or wet; one value, or one a month.
        snow_months : sequence of int
            Months 1..12 with the ground under snow most of the time.
        southern : bool
            Seasons of the southern hemisphere.

        Returns
        -------
        SurfaceCharacteristics

        Notes
        -----
        Arithmetic mean of albedo, geometric means of Bowen ratio and roughness (US EPA, AERMOD Implementation Guide,
        section 3.1). Albedo and Bowen ratio are of the whole surroundings, the roughness is of the sector.
        """
        moistures = [moisture] * MONTHS if isinstance(moisture, str) else list(moisture)
        albedo, bowen, roughness = (np.empty((MONTHS, len(shares))) for _ in range(3))
        everywhere: dict[str, float] = {}
        for sector in shares:
            for use, share in sector.items():
                everywhere[use] = everywhere.get(use, 0.0) + share
        for month in range(1, MONTHS + 1):
            season = season_of(month, month in snow_months, southern)
            wetness = moistures[month - 1]
            albedo[month - 1] = _mean(everywhere, lambda use, at=season: table[f"{use}/{at}/albedo"])
            bowen[month - 1] = np.exp(
                _mean(everywhere, lambda use, at=season, wet=wetness: np.log(table[f"{use}/{at}/bowen_ratio_{wet}"]))
            )
            for number, sector in enumerate(shares):
                roughness[month - 1, number] = np.exp(
                    _mean(sector, lambda use, at=season: np.log(table[f"{use}/{at}/roughness"]))
                )
        return cls(np.asarray(sector_starts_deg, float), albedo, bowen, roughness)

    def at(self, month: ArrayLike, direction_deg: ArrayLike) -> tuple[NDArray, NDArray, NDArray]:
        """Albedo, Bowen ratio and roughness of hours, by month and wind direction (NaN: of the first sector)."""
        direction = np.nan_to_num(np.asarray(direction_deg, float), nan=float(self.sector_starts_deg[0])) % 360.0
        sector = np.searchsorted(self.sector_starts_deg, direction, side="right") - 1  # -1: the last, through north
        row = np.asarray(month, int) - 1
        return self.albedo[row, sector], self.bowen_ratio[row, sector], self.roughness_m[row, sector]


def season_of(month: int, snow: bool = False, southern: bool = False) -> str:
    """Season whose surface values a month takes; winter without snow is late autumn's surface."""
    northern = (month + 5) % MONTHS + 1 if southern else month
    season = ("winter", "spring", "summer", "autumn")[northern % MONTHS // 3]
    if snow:
        return "winter"
    return SNOW_FREE_WINTER if season == "winter" else season


def _mean(shares: Mapping[str, float], value) -> float:
    total = sum(shares.values())
    if total <= 0.0:
        raise ValueError("the shares of land use must sum to more than zero")
    return sum(share * value(use) for use, share in shares.items()) / total
