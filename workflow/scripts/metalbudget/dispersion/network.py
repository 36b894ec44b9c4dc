"""Where a source's table stands: distances and bearings, and the directions in which plumes are gathered for them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.fan import Crosswind, crosswind, directions_for
from metalbudget.dispersion.nodes import EXTENSION
from metalbudget.dispersion.rows import BLOCK

BEHIND = 2  # nodes behind the last distance that is kept


def _before(first_m: float, ratio: float) -> int:
    """Nodes before the first distance that is kept: of the path, and two to interpolate from."""
    return int(np.ceil(np.log(min(EXTENSION, first_m)) / np.log(ratio))) + 2


def node_distances(first_m: float, last_m: float, per_e_fold: float) -> NDArray[np.float64]:
    """Distances evenly spaced in their logarithm, both ends included. [m]"""
    return _spaced(first_m, last_m, int(np.ceil(np.log(last_m / first_m) * per_e_fold)) + 1)


def network_distances(first_m: float, last_m: float, per_e_fold: float) -> NDArray[np.float64]:
    """As `node_distances`, or more of them where whole blocks of nodes have room for them. [m]"""
    count, span = node_distances(first_m, last_m, per_e_fold).size, np.log(last_m / first_m)
    room = -(-(count + _before(first_m, np.exp(span / (count - 1))) + BEHIND) // BLOCK) * BLOCK
    while count + 1 + _before(first_m, np.exp(span / count)) + BEHIND <= room:
        count += 1
    return _spaced(first_m, last_m, count)


def _spaced(first_m: float, last_m: float, count: int) -> NDArray[np.float64]:
    return first_m * (last_m / first_m) ** (np.arange(count) / (count - 1))


@dataclass(frozen=True, eq=False)
class Network:
    """Where deposition is wanted (`kept_m`, bearings), and the directions in which plumes are gathered on the way."""

    kept_m: NDArray[np.float64]
    bearings: int
    directions: int

    def beside(self, dtype: type = np.float64) -> Crosswind:
        """What arrives beside the directions."""
        step = math.log(self.kept_m[1] / self.kept_m[0])
        return crosswind(directions_for(self.bearings, self.directions), self.bearings, step, dtype)

    def nodes(self) -> tuple[NDArray[np.float64], int]:
        """Distances with those before and behind that integrals look at, and how many before. [m]"""
        kept, ratio = self.kept_m, self.kept_m[1] / self.kept_m[0]
        inner = _before(float(kept[0]), float(ratio))
        inner += -(inner + kept.size + BEHIND) % BLOCK  # whole blocks of nodes
        before, behind = kept[0] * ratio ** np.arange(-inner, 0.0), kept[-1] * ratio ** np.arange(1.0, BEHIND + 1.0)
        return np.concatenate([before, kept, behind]), inner
