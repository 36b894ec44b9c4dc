"""The receptor pathway of a runstream: single receptors and networks, in the order in which they stand."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from metalbudget.dispersion.case import Receptors
from metalbudget.dispersion.runstream.lines import MOST_VALUES, NETWORK_WORDS, Problems, Statement, metres_per_unit
from metalbudget.errors import InputError


class _AboutRefused(Exception):
    """A receptor is placed about a source that was refused, which is told already."""


_NO_ELEVATION = -9999.0  # AERMAP's code
# Two ways to say the same of a network.
_EITHER = {
    "XYINC": {"XPNTS", "YPNTS"},
    "XPNTS": {"XYINC"},
    "YPNTS": {"XYINC"},
    "GDIR": {"DDIR"},
    "DDIR": {"GDIR"},
}


@dataclass
class Network:
    """A Cartesian or polar grid of receptors while it is being read."""

    kind: str
    name: str
    at: Statement
    values: dict[str, list[float]] = field(default_factory=dict)
    origin: tuple[str, ...] = ()
    said: set[str] = field(default_factory=set)
    unreadable: bool = False
    rows: dict[str, dict[float, list[float]]] = field(default_factory=dict)


@dataclass
class Field:
    """What RE has said so far.

    Parameters
    ----------
    terrain : bool
    flagpole_m : float, optional
        Default height above the ground; None where flagpoles are not in use.
    places : mapping of str to (float, float)
        Where each source stands.
    refused : collection of str
        Sources that were refused, in capitals; a receptor placed about one is left out.
    """

    terrain: bool
    flagpole_m: float | None
    places: Mapping[str, tuple[float, float]]
    refused: Collection[str]
    problems: Problems
    unit_m: float = 1.0
    network: Network | None = None
    single: bool = False
    rows: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    origins: list[Statement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unreadable: bool = False  # whether a line was refused

    def add(
        self, statement: Statement, x: float, y: float, ground: float, hill: float | None, flag: float | None
    ) -> None:
        """One receptor; elevations in the unit of the pathway."""
        ground, height = ground * self.unit_m, 0.0 if flag is None else flag
        hill = ground if hill is None else hill * self.unit_m
        if height < 0.0:
            self.problems.add(statement.error("a receptor stands below the ground", found=f"flagpole {height:g} m"))
        if self.terrain and ground <= _NO_ELEVATION * self.unit_m:
            self.problems.add(
                statement.error(
                    "the elevation of a receptor is missing",
                    found=f"{ground / self.unit_m:g}",
                    mend="give the ground's elevation; AERMAP writes -9999 where its data have a gap",
                )
            )
            hill = max(ground, hill)
        self.rows.append((x, y, ground, hill, height))
        self.origins.append(statement)

    def finished(self) -> Receptors:
        """All receptors; what cannot be is added to the problems."""
        if self.network is not None:
            self.problems.add(self.network.at.error(f"the network {self.network.name} has no END"))
            self.unreadable = True
        table = np.array(self.rows, dtype=np.float64).reshape(-1, 5)
        below = self.terrain & (table[:, 3] < table[:, 2])
        for row in np.flatnonzero(below):
            self.problems.add(
                self.origins[row].error(
                    "the hill height lies below the receptor",
                    found=f"hill {table[row, 3]:g} m, ground {table[row, 2]:g} m, receptor {row + 1}",
                    expected="the height of the terrain that steers the flow there, at least the ground's",
                )
            )
        x, y, ground, hill, flag = (np.ascontiguousarray(column) for column in table.T)
        return Receptors(x, y, ground, hill, flag)


def _discrete(area: Field, statement: Statement) -> None:
    """DISCCART x y, or DISCPOLR source distance direction; then [elevation [hill height]] [flagpole]."""
    words = statement.words
    if statement.keyword == "DISCPOLR":
        statement.need(3, "source, distance, direction [elevation, hill height] [flagpole]")
        x, y = _polar(
            _place(area, statement, words[0]),
            statement.number(words[1], "the distance"),
            statement.number(words[2], "the direction"),
        )
        rest = [statement.number(word, "a height") for word in words[3:]]
    else:
        statement.need(2, "x, y [elevation, hill height] [flagpole]")
        x, y = (statement.coordinate(word) for word in words[:2])
        rest = [statement.number(word, "a height") for word in words[2:]]
    area.add(statement, x, y, *_heights(area, statement, rest))


def _arc(area: Field, statement: Statement) -> None:
    """EVALCART x y elevation hill flagpole arc [name]: a receptor as any other; the arc serves an output only."""
    statement.need(6, "x, y, elevation, hill height, flagpole, arc [name]")
    _discrete(area, replace(statement, words=statement.words[:5]))
    if "EVALCART" not in area.notes:
        area.notes.append("EVALCART arcs")


def _heights(area: Field, statement: Statement, rest: list[float]) -> tuple[float, float | None, float | None]:
    """Ground, hill and flagpole heights among the values that follow a position.

    In flat terrain a third value alone is the flagpole, and of three the last, as AERMOD reads them.
    """
    if len(rest) > 3:
        raise statement.error("a receptor has too many values", found=" ".join(statement.words))
    flag = area.flagpole_m
    if area.flagpole_m is not None and len(rest) == 3:
        flag = rest[2]
    elif area.flagpole_m is not None and len(rest) == 1 and not area.terrain:
        flag = rest[0]
    elif len(rest) == 3 and rest[2] != 0.0:
        raise statement.error(
            "a flagpole height stands here, but flagpoles are not in use",
            found=f"{rest[2]:g} m",
            mend="add CO FLAGPOLE, or take the height out",
        )
    if not area.terrain:
        return 0.0, 0.0, flag
    if not rest:
        raise statement.error(
            "a receptor has no elevation",
            expected="elevation and hill height, as the run is not FLAT",
            mend="add both, or MODELOPT FLAT",
        )
    if len(rest) < 2:
        raise statement.error(
            "a receptor has no hill height",
            found=" ".join(statement.words),
            expected="elevation and hill height, as the run is not FLAT",
        )
    return rest[0], rest[1], flag


def _place(area: Field, statement: Statement, name: str) -> tuple[float, float]:
    if name.upper() in area.refused:
        raise _AboutRefused
    places = {key.upper(): value for key, value in area.places.items()}
    if name.upper() not in places:
        raise statement.error(f"no source {name} has been located", expected=", ".join(area.places) or "a source")
    return places[name.upper()]


def _polar(origin: tuple[float, float], distance_m: float, direction_deg: float) -> tuple[float, float]:
    """Position at a distance and a bearing clockwise from north."""
    angle = math.radians(direction_deg)
    return origin[0] + distance_m * math.sin(angle), origin[1] + distance_m * math.cos(angle)


def _network(area: Field, statement: Statement) -> None:
    """A line of GRIDCART or GRIDPOLR; the name may be left out behind the first."""
    words = list(statement.words)
    if words and words[0].upper() not in NETWORK_WORDS:
        name, words = words[0], words[1:]
    elif area.network is not None:
        name = area.network.name
    else:
        raise statement.error("a network needs a name")
    if not words:
        raise statement.error(f"the line of network {name} says nothing", expected=" ".join(sorted(NETWORK_WORDS)))
    word, rest = words[0].upper(), words[1:]
    if word == "STA":
        if area.network is not None:
            raise statement.error(f"the network {area.network.name} has no END yet")
        area.network = Network(statement.keyword, name, statement)
        return
    network = area.network
    if network is None or network.kind != statement.keyword or network.name.upper() != name.upper():
        raise statement.error(f"the network {name} has not been started", expected=f"{statement.keyword} {name} STA")
    if word == "END":
        area.network = None
        if not network.unreadable:
            (_cartesian if network.kind == "GRIDCART" else _rings)(area, network)
        return
    if word in ("XYINC", "GDIR", "ORIG") and word in network.said:
        raise statement.error(f"{word} of network {network.name} stands twice", mend="keep one of the two")
    if word in _EITHER and _EITHER[word] & network.said and not network.unreadable:
        raise statement.error(
            f"the network {network.name} has both {word} and {', '.join(sorted(_EITHER[word] & network.said))}",
            mend="keep one of the two ways",
        )
    network.said.add(word)
    if word in ("XYINC", "GDIR"):
        _increments(network, statement, word, rest)
    elif word == "ORIG":
        network.origin = tuple(rest)
    elif word in ("XPNTS", "YPNTS", "DIST", "DDIR"):
        network.values.setdefault(word, []).extend(statement.numbers(rest, word))
    elif word in ("ELEV", "HILL", "FLAG"):
        if len(rest) < 2:
            raise statement.error(f"{word} needs a row and its values")
        row = statement.number(rest[0], "the row, which stands before its values,")
        network.rows.setdefault(word, {}).setdefault(row, []).extend(statement.numbers(rest[1:], word))
    else:
        raise statement.error("unknown word in a network", found=words[0], expected=" ".join(sorted(NETWORK_WORDS)))


def _increments(network: Network, statement: Statement, word: str, rest: list[str]) -> None:
    """XYINC x0 nx dx y0 ny dy, GDIR n first step."""
    values = statement.numbers(rest, word)
    if len(values) != (6 if word == "XYINC" else 3):
        raise statement.error(f"{word} needs {6 if word == 'XYINC' else 3} values", found=" ".join(rest))
    if word == "XYINC":
        axes = [("XPNTS", values[0], values[1], values[2]), ("YPNTS", values[3], values[4], values[5])]
    else:
        axes = [("DDIR", values[1], values[0], values[2])]
    for name, first, count, step in axes:
        if not 1 <= count <= MOST_VALUES or count != int(count) or step == 0.0:
            raise statement.error(f"{word} needs a count and a step", found=" ".join(rest))
        network.values[name] = [first + step * number for number in range(int(count))]


def _cartesian(area: Field, network: Network) -> None:
    columns, rows = network.values.get("XPNTS", []), network.values.get("YPNTS", [])
    if not columns or not rows:
        raise network.at.error(f"the network {network.name} has no XYINC, or no XPNTS and YPNTS")
    heights = _grid_heights(area, network, len(rows), len(columns))
    for row, y in enumerate(rows):
        for column, x in enumerate(columns):
            area.add(network.at, x, y, *heights(row, column))


def _rings(area: Field, network: Network) -> None:
    distances, directions = network.values.get("DIST", []), network.values.get("DDIR", [])
    if not distances or not directions:
        raise network.at.error(f"the network {network.name} has no DIST, or neither DDIR nor GDIR")
    at = network.at
    if not network.origin:
        origin = (0.0, 0.0)
    elif len(network.origin) == 1:
        origin = _place(area, at, network.origin[0])
    elif len(network.origin) == 2:
        origin = (at.number(network.origin[0], "the origin"), at.number(network.origin[1], "the origin"))
    else:
        raise at.error("ORIG needs x and y, or a source", found=" ".join(network.origin))
    heights = _grid_heights(area, network, len(directions), len(distances))
    for row, direction in enumerate(directions):
        for column, distance in enumerate(distances):
            x, y = _polar(origin, distance, direction)
            area.add(at, x, y, *heights(row, column))


def _grid_heights(
    area: Field, network: Network, n_rows: int, n_columns: int
) -> Callable[[int, int], tuple[float, float | None, float | None]]:
    """Ground, hill and flagpole height of a grid's points; rows stand in the order of their labels."""
    tables: dict[str, np.ndarray] = {}
    for word, rows in network.rows.items():
        sizes = {len(values) for values in rows.values()}
        if len(rows) != n_rows or sizes != {n_columns}:
            raise network.at.error(
                f"{word} of network {network.name} does not fit it",
                found=f"{len(rows)} rows of {sorted(sizes)} values",
                expected=f"{n_rows} rows of {n_columns} values",
            )
        tables[word] = np.array([rows[key] for key in sorted(rows)])  # AERMOD sorts rows by their labels
    if "FLAG" in tables and area.flagpole_m is None:
        raise network.at.error("a network has flagpole heights, but flagpoles are not in use", mend="add CO FLAGPOLE")
    missing = [word for word in ("ELEV", "HILL") if word not in tables]
    if area.terrain and missing:
        raise network.at.error(
            f"the network {network.name} has no {' and no '.join(missing)}",
            expected="elevations and hill heights, as the run is not FLAT",
        )

    def heights(row: int, column: int) -> tuple[float, float | None, float | None]:
        flag = float(tables["FLAG"][row, column]) if "FLAG" in tables else area.flagpole_m
        if not area.terrain:
            return 0.0, 0.0, flag
        return float(tables["ELEV"][row, column]), float(tables["HILL"][row, column]), flag

    return heights


def _unit(area: Field, statement: Statement) -> None:
    if area.rows or area.network:
        raise statement.error("ELEVUNIT must stand before the first receptor")
    area.unit_m = metres_per_unit(statement)


RECEPTORS: dict[str, Callable[[Field, Statement], None]] = {
    "DISCCART": _discrete,
    "DISCPOLR": _discrete,
    "EVALCART": _arc,
    "GRIDCART": _network,
    "GRIDPOLR": _network,
    "ELEVUNIT": _unit,
}


def read_one(area: Field, statement: Statement) -> None:
    """Take in a line, or add its problem."""
    try:
        RECEPTORS[statement.keyword](area, statement)
    except _AboutRefused:
        area.unreadable = True
    except InputError as problem:
        area.unreadable = True
        if area.network is not None:
            area.network.unreadable = True
        area.problems.add(problem)
