"""The control and meteorology pathways of a runstream: options, averages, gas surface, weather files, days."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from metalbudget.dispersion.case import GasSurface
from metalbudget.dispersion.runstream import keywords
from metalbudget.dispersion.runstream.lines import Statement, beside, metres_per_unit
from metalbudget.errors import InputError, InputErrors

DEFAULTS = {"DFAULT", "DEFAULT"}
OVERRIDDEN = {"FLAT", "NOSTD"}  # AERMOD's warning W206; the other options of this engine stand beside DFAULT
AVERAGES = ("1", "2", "3", "4", "6", "8", "12", "24", "MONTH", "PERIOD", "ANNUAL")
# Upper bounds of the first five wind speed categories, AERMOD User's Guide, ME WINDCATS. [m s-1]
WIND_CATEGORIES_M_S = (1.54, 3.09, 5.14, 8.23, 10.8)
# AERMOD refuses fewer people, and a rougher town.
_FEWEST_PEOPLE, _ROUGHEST_M = 100.0, 5.0
_LARGEST_TURN_DEG = 180.0  # AERMOD refuses a larger WDROTATE
# Keywords that leave measured turbulence out: which of the two, and in which hours. AERMOD User's Guide, ME pathway.
TURBULENCE = {
    "NOTURB": ("lateral vertical", "stable convective"),
    "NOTURBST": ("lateral vertical", "stable"),
    "NOTURBCO": ("lateral vertical", "convective"),
    "NOSA": ("lateral", "stable convective"),
    "NOSW": ("vertical", "stable convective"),
    "NOSAST": ("lateral", "stable"),
    "NOSWST": ("vertical", "stable"),
    "NOSACO": ("lateral", "convective"),
    "NOSWCO": ("vertical", "convective"),
}


@dataclass(frozen=True)
class Selection:
    """Which hours of the weather file are used.

    Parameters
    ----------
    start, end : tuple of int, optional
        (year, month, day, hour), both included.
    days : frozenset of int, optional
        Days of the year, 1 for 1 January.
    """

    start: tuple[int, int, int, int] | None = None
    end: tuple[int, int, int, int] | None = None
    days: frozenset[tuple[int, int]] | None = None


@dataclass
class Control:
    """What CO and ME have said so far."""

    title: str = ""
    options: set[str] = field(default_factory=set)
    options_at: Statement | None = None
    averaging: list[str] = field(default_factory=list)
    pollutant: str = "OTHER"
    flagpole_m: float | None = None
    urban_population: float = 0.0
    urban_roughness_m: float = 1.0
    urban_at: Statement | None = None
    season_of_month: tuple[int, ...] = ()
    landuse_of_sector: tuple[int, ...] = ()
    reactivity: float = 0.0
    autumn_leaf_factor: float = 0.5
    spring_leaf_factor: float = 0.25
    gas_velocity_m_s: float | None = None
    gas_velocity_at: Statement | None = None
    half_life_at: Statement | None = None
    surface_file: Path | None = None
    profile_file: Path | None = None
    base_elevation_m: float | None = None
    start_end: tuple[tuple[int, int, int, int], tuple[int, int, int, int]] | None = None
    days: set[tuple[int, int]] = field(default_factory=set)
    wind_rotation_deg: float = 0.0
    wind_categories_m_s: tuple[float, ...] = WIND_CATEGORIES_M_S
    without_turbulence: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def gas_surface(self) -> GasSurface:
        """What gas deposition needs to know of the ground."""
        return GasSurface(
            season_of_month=self.season_of_month,
            landuse_of_sector=self.landuse_of_sector,
            reference_reactivity=self.reactivity,
            autumn_leaf_factor=self.autumn_leaf_factor,
            spring_leaf_factor=self.spring_leaf_factor,
            user_velocity_m_s=self.gas_velocity_m_s,
        )

    @property
    def regulatory(self) -> bool:
        """Whether the deck asks for the regulatory defaults."""
        return any(f"MODELOPT {word}" in self.notes for word in DEFAULTS)

    def selection(self) -> Selection:
        """The hours to use."""
        start, end = self.start_end or (None, None)
        return Selection(start, end, frozenset(self.days) if self.days else None)


def _title(control: Control, statement: Statement) -> None:
    control.title = control.title or " ".join(statement.words)


def _model_options(control: Control, statement: Statement) -> None:
    """Options that the engine has; every other one is named."""
    control.options_at = statement
    handled = {
        "CONC",
        "DDEP",
        "WDEP",
        "DEPOS",
        "FLAT",
        "ELEV",
        "NODRYDPLT",
        "NOWETDPLT",
        "NOSTD",
        "ROMBERG",
    }
    wrong: list[InputError] = []
    for word in statement.words:
        option = word.upper()
        if option in keywords.NOTED_OPTIONS:
            control.notes.append(f"MODELOPT {option}")
        elif option in handled:
            control.options.add(option)
        elif option in keywords.UNSUPPORTED_OPTIONS:
            reason = keywords.UNSUPPORTED_OPTIONS[option]
            wrong.append(statement.error(f"the option {option} is not supported: {reason}", mend="take the option out"))
        else:
            wrong.append(statement.error(f"the option {option} is not known here", mend="correct it, or take it out"))
    if {"FLAT", "ELEV"} <= control.options:
        wrong.append(statement.error("FLAT and ELEV sources in one run are not supported", mend="keep one of the two"))
    given = {word.upper() for word in statement.words}
    for depleted in ("DRYDPLT", "WETDPLT"):
        if {depleted, f"NO{depleted}"} <= given:
            wrong.append(statement.error(f"{depleted} and NO{depleted} exclude each other", mend="keep one of the two"))
    if given & DEFAULTS:
        for word in sorted(given & OVERRIDDEN):
            wrong.append(
                statement.error(
                    f"DFAULT sets {word} aside: AERMOD would run the deck without it",
                    found=" ".join(statement.words),
                    mend=f"take out DFAULT to keep {word}, or {word} to keep the regulatory defaults",
                )
            )
    if wrong:
        raise InputErrors(wrong)


def _averages(control: Control, statement: Statement) -> None:
    statement.need(1, " ".join(AVERAGES))
    for word in statement.words:
        if word.upper() not in AVERAGES:
            raise statement.error("an averaging time is unknown", found=word, expected=" ".join(AVERAGES))
        if word.upper() in control.averaging:
            raise statement.error("an averaging time stands twice", found=" ".join(statement.words))
        control.averaging.append(word.upper())


def _pollutant(control: Control, statement: Statement) -> None:
    statement.need(1, "a name")
    control.pollutant = statement.words[0].upper()
    control.notes.append("POLLUTID")


def _run_or_not(control: Control, statement: Statement) -> None:
    statement.need(1, "RUN")
    if statement.words[0].upper() == "NOT":
        raise statement.error("the deck asks not to be run", found="RUNORNOT NOT", mend="write RUNORNOT RUN")
    if len(statement.words) > 1 or statement.words[0].upper() != "RUN":
        raise statement.error("RUNORNOT is not understood", found=" ".join(statement.words), expected="RUN")
    control.notes.append("RUNORNOT")


def _station(control: Control, statement: Statement) -> None:
    """Where the weather is from: the program checks the form, and uses none of it."""
    meaning = "station number, first year [name [x y]]"
    statement.need(2, meaning)
    statement.whole(statement.words[0], "the number of the station")
    statement.whole(statement.words[1], "the first year of the weather")
    control.notes.append(statement.keyword)


def _flagpole(control: Control, statement: Statement) -> None:
    statement.at_most(1, "the default height in m")
    height = statement.number(statement.words[0], "the flagpole height") if statement.words else 0.0
    if height < 0.0:
        raise statement.error("the flagpole height is negative", found=height)
    control.flagpole_m = height


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _urban(control: Control, statement: Statement) -> None:
    """One urban area: population, then a name and a roughness."""
    meaning = "population [name [roughness length in m]]"
    statement.need(1, meaning)
    if control.urban_at is not None:
        raise statement.error(
            "several urban areas in one run are not supported", mend="split the deck into one for each area"
        )
    words = statement.words
    if len(words) > 1 and not _is_number(words[0]) and _is_number(words[1]) and float(words[1]) >= _FEWEST_PEOPLE:
        raise statement.error(
            "an urban area with an identifier belongs to a run of several urban areas, which is not supported",
            found=" ".join(words),
            expected=meaning,
            mend="split the deck into one for each area, and take the identifier out",
        )
    statement.at_most(3, meaning)
    population = statement.number(words[0], "the population")
    roughness = statement.number(words[2], "the urban roughness length") if len(words) > 2 else 1.0
    if population < _FEWEST_PEOPLE:
        raise statement.error(
            "the population of the urban area is too small",
            found=f"{population:g}",
            expected=f"at least {_FEWEST_PEOPLE:g} people, in full",
        )
    if not 0.0 < roughness < _ROUGHEST_M:
        raise statement.error(
            "the urban roughness length is out of range",
            found=f"{roughness:g} m",
            expected=f"metres, above 0 and below {_ROUGHEST_M:g}",
        )
    control.urban_at = statement
    control.urban_population, control.urban_roughness_m = population, roughness


def _classes(statement: Statement, count: int, highest: int, what: str) -> tuple[int, ...]:
    values = statement.numbers(statement.words, what)
    if len(values) != count:
        raise statement.error(f"{what}: {count} values are needed", found=len(values))
    if any(value != int(value) or not 1 <= value <= highest for value in values):
        raise statement.error(
            f"{what}: a class is out of range", found=values, expected=f"whole numbers 1 to {highest}"
        )
    return tuple(int(value) for value in values)


def _seasons(control: Control, statement: Statement) -> None:
    control.season_of_month = _classes(statement, 12, 5, "season of each month")


def _landuse(control: Control, statement: Statement) -> None:
    control.landuse_of_sector = _classes(statement, 36, 9, "land use of each sector of 10 degrees")


def _gas_defaults(control: Control, statement: Statement) -> None:
    meaning = "reactivity, leaf factors of seasons 2 and 5 [name]"
    statement.need(3, meaning)
    statement.at_most(4, meaning)
    values = [statement.number(word, meaning) for word in statement.words[:3]]
    if any(not 0.0 <= value <= 1.0 for value in values):
        raise statement.error("reactivity and leaf factors lie between 0 and 1", found=values)
    control.reactivity, control.autumn_leaf_factor, control.spring_leaf_factor = values


def _gas_velocity(control: Control, statement: Statement) -> None:
    statement.need(1, "deposition velocity in m/s")
    velocity = statement.number(statement.words[0], "the deposition velocity")
    if velocity < 0.0:
        raise statement.error("the deposition velocity is negative", found=velocity)
    control.gas_velocity_m_s, control.gas_velocity_at = velocity, statement


def _decay(control: Control, statement: Statement) -> None:
    """Only a coefficient of zero, which is no decay, can be honoured."""
    statement.need(1, "a number")
    value = statement.number(statement.words[0], "the value")
    if statement.keyword == "DCAYCOEF" and value == 0.0:
        control.notes.append("DCAYCOEF 0")
        return
    raise statement.error(
        f"{statement.keyword} is not supported: pollutants do not decay in this engine",
        mend="take the line out; metals do not decay",
    )


def _surface(control: Control, statement: Statement) -> None:
    statement.need(1, "the name of a file")
    _free(statement)
    control.surface_file = beside(statement, statement.words[0])


def _profile(control: Control, statement: Statement) -> None:
    statement.need(1, "the name of a file")
    _free(statement)
    control.profile_file = beside(statement, statement.words[0])


def _free(statement: Statement) -> None:
    if len(statement.words) > 1 and statement.words[1].upper() != "FREE":
        raise statement.error(
            "weather files of a format of one's own are not read",
            found=statement.words[1],
            expected="the files as AERMET writes them",
        )


def _base(control: Control, statement: Statement) -> None:
    statement.need(1, "elevation [METERS or FEET]")
    statement.at_most(2, "elevation [METERS or FEET]")
    unit = Statement(statement.file, statement.line, statement.pathway, statement.keyword, statement.words[1:2])
    factor = metres_per_unit(unit) if len(statement.words) > 1 else 1.0
    control.base_elevation_m = statement.number(statement.words[0], "the base elevation") * factor


def _full_year(statement: Statement, word: str) -> int:
    """Years of two digits are of 1950 to 2049, as AERMOD reads them."""
    year = statement.whole(word, "the year")
    return year if year >= 100 else year + (1900 if year >= 50 else 2000)


def _start_end(control: Control, statement: Statement) -> None:
    meaning = "year month day [hour] year month day [hour]"
    words = statement.words
    if len(words) == 6:
        words = (*words[:3], "1", *words[3:], "24")
    if len(words) != 8:
        raise statement.error("STARTEND has 6 or 8 values", found=" ".join(statement.words), expected=meaning)
    moments = []
    for part in (words[:4], words[4:]):
        year = _full_year(statement, part[0])
        month, day, hour = (statement.whole(word, meaning) for word in part[1:])
        _check_day(statement, year, month, day)
        if not 1 <= hour <= 24:
            raise statement.error("an hour is out of range", found=hour, expected="1 to 24")
        moments.append((year, month, day, hour))
    if moments[1] < moments[0]:
        raise statement.error("the end lies before the start", found=" ".join(statement.words))
    control.start_end = (moments[0], moments[1])


def _check_day(statement: Statement, year: int, month: int, day: int) -> None:
    try:
        datetime.date(year, month, day)
    except ValueError as error:
        raise statement.error("there is no such day", found=f"{year}-{month}-{day}") from error


def _days(control: Control, statement: Statement) -> None:
    """Days and ranges of days: 1-31, 7/1-8/15, 200, 12/25."""
    statement.need(1, "days or ranges of days")
    for word in statement.words:
        first, *last = (_month_day(statement, part) for part in word.split("-"))
        if len(last) > 1:
            raise statement.error("a range of days has one hyphen", found=word)
        end = last[0] if last else first
        if end < first:
            raise statement.error("a range of days ends before it starts", found=word)
        day = datetime.date(2000, *first)
        while (day.month, day.day) <= end:
            control.days.add((day.month, day.day))
            day += datetime.timedelta(days=1)
            if day.year != 2000:
                break


def _month_day(statement: Statement, word: str) -> tuple[int, int]:
    """Month/day, or the day of a year of 365 days."""
    if "/" in word:
        month, day = (statement.whole(part, "month/day") for part in word.split("/", 1))
        _check_day(statement, 2000, month, day)
        return month, day
    number = statement.whole(word, "the day of the year")
    if not 1 <= number <= 365:
        raise statement.error("a day of the year is out of range", found=number, expected="1 to 365")
    found = datetime.date(2001, 1, 1) + datetime.timedelta(days=number - 1)
    return found.month, found.day


def _rotation(control: Control, statement: Statement) -> None:
    statement.need(1, "degrees")
    statement.at_most(1, "degrees")
    turn = statement.number(statement.words[0], "the rotation")
    if abs(turn) > _LARGEST_TURN_DEG:
        raise statement.error("the rotation is out of range", found=f"{turn:g}", expected="-180 to 180 degrees")
    control.wind_rotation_deg = turn


def _without_turbulence(control: Control, statement: Statement) -> None:
    statement.at_most(0, "nothing behind it")
    measured, hours = TURBULENCE[statement.keyword]
    control.without_turbulence |= {f"{name} {when}" for name in measured.split() for when in hours.split()}


def _wind_categories(control: Control, statement: Statement) -> None:
    values = tuple(statement.numbers(statement.words, "a wind speed"))
    if len(values) != 5 or list(values) != sorted(set(values)) or values[0] <= 0.0:
        raise statement.error("five rising wind speeds are needed", found=values)
    control.wind_categories_m_s = values


Handler = Callable[[Control, Statement], None]

CONTROL: dict[str, Handler] = {
    "TITLEONE": _title,
    "MODELOPT": _model_options,
    "AVERTIME": _averages,
    "POLLUTID": _pollutant,
    "RUNORNOT": _run_or_not,
    "FLAGPOLE": _flagpole,
    "URBANOPT": _urban,
    "GDSEASON": _seasons,
    "GDLANUSE": _landuse,
    "GASDEPDF": _gas_defaults,
    "GASDEPVD": _gas_velocity,
    "DCAYCOEF": _decay,
    "HALFLIFE": _decay,
}

METEOROLOGY: dict[str, Handler] = {
    "SURFFILE": _surface,
    "PROFFILE": _profile,
    "PROFBASE": _base,
    "STARTEND": _start_end,
    "DAYRANGE": _days,
    "WDROTATE": _rotation,
    "WINDCATS": _wind_categories,
    "SURFDATA": _station,
    "UAIRDATA": _station,
    "SITEDATA": _station,
    **dict.fromkeys(TURBULENCE, _without_turbulence),
}
