"""Emission of every source, year and class of one metal, from the raw tables and the coefficients."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, InputErrors
from metalbudget.inventory import coal, controls, process, size, totals, traffic
from metalbudget.inventory.controls import Mix

Table = Mapping[str, Any]
Coefficients = Mapping[str, Mapping[str, Any]]

KG_PER_UG = 1.0e-9


def emissions(metal: str, years: Sequence[int], tables: Mapping[str, Table], coefficients: Coefficients) -> dict:
    """Emission of one metal by source, year and class.

    Parameters
    ----------
    metal : str
    years : sequence of int
        Modelled years. [yr]
    tables : mapping of table name to columns
        ``facilities``, ``activity``, ``controls``, ``area_sources`` and ``area_activity`` of the raw folder.
    coefficients : mapping of parameter table to rows
        For this metal: ``coal_content boiler_release device_removal washing ef_process ef_vehicle
        petrol_lead technology_curve fine_enrichment hg_species``; for all metals: ``product
        inventory_options particle_size emission_uncertainty``. Values in the units of their tables.

    Returns
    -------
    dict of columns
        source_id, sector, kind (point or area), year, class, kg [kg yr⁻¹], gsd [1]. Every source has a row
        for every year and class, zero while it does not operate; point sources first, in the order of
        their tables. Shape of each column: (n_source * n_year * n_class,).

    Raises
    ------
    InputErrors
        All problems of the tables that the sums depend on: unknown products, wrong units, duplicate or
        missing activity, unknown devices, shares that do not sum to one, devices that begin too late.

    Notes
    -----
    A facility emits from its opening to its closing year, both included. A product without a factor for
    the metal emits none of it.
    """
    problems: list[InputError] = []
    states = control_states(tables["controls"], problems)
    classes = size.classes_of(metal)
    columns: dict[str, list] = {name: [] for name in ("source_id", "sector", "kind", "year", "class", "kg", "gsd")}
    factors = Factors(metal, coefficients)
    parts = (
        ("point", "facility_id", tables["facilities"], _activity(tables, "activity", "facility_id", problems)),
        ("area", "source_id", tables["area_sources"], _activity(tables, "area_activity", "source_id", problems)),
    )
    for kind, key, sources, activity in parts:
        for number, source in enumerate(sources[key]):
            sector = str(sources["sector"][number])
            opened, closed = _window(sources, number)
            spread = float(np.exp(totals.spreads(sector, coefficients["emission_uncertainty"])[0]))
            for year in years:
                kg = np.zeros(len(classes))
                rows = activity.get((source, int(year)), [])
                if opened <= year < closed and not rows:
                    problems.append(_missing_activity(kind, key, source, year))
                if opened <= year <= closed:
                    for row in rows:
                        try:
                            mix = controls.mix_of_year(states.get(source, {}), int(year), str(source))
                            kg = kg + factors.emission(row, int(year), sector, mix)
                        except InputError as error:
                            problems.append(error)
                for name, amount in zip(classes, kg, strict=True):
                    entry = (source, sector, kind, int(year), name, float(amount), spread)
                    for column, value in zip(columns.values(), entry, strict=True):
                        column.append(value)
    if problems:
        raise InputErrors(problems)
    numeric = {"year": int, "kg": float, "gsd": float}
    return {
        name: np.array(values, dtype=numeric[name]) if name in numeric else values for name, values in columns.items()
    }


def control_states(table: Table, problems: list[InputError]) -> dict[str, dict[int, Mix]]:
    """Control configurations of each facility by the first year they hold.

    Parameters
    ----------
    table : mapping of columns
        facility_id, year_from, configuration, share of ``controls.csv``.
    problems : list
        Input errors are appended here.

    Returns
    -------
    dict
        facility_id → first year → ((devices, share), ...).
    """
    states: dict[str, dict[int, list]] = {}
    for row, facility in enumerate(table["facility_id"]):
        where = f"row {row + 2}"
        try:
            devices = controls.parse_configuration(str(table["configuration"][row]), file="controls.csv", where=where)
        except InputError as error:
            problems.append(error)
            continue
        year = int(table["year_from"][row])
        states.setdefault(facility, {}).setdefault(year, []).append((devices, float(table["share"][row])))
    result: dict[str, dict[int, Mix]] = {}
    for facility, by_year in states.items():
        for year, mix in by_year.items():
            try:
                controls.check_shares(tuple(mix), file="controls.csv", where=f"{facility}, year_from {year}")
            except InputError as error:
                problems.append(error)
                continue
            result.setdefault(facility, {})[year] = tuple(mix)
    return result


class Factors:
    """Emission per activity of one metal, by product, year and controls.

    Parameters
    ----------
    metal : str
    coefficients : mapping
        See `emissions`.
    """

    def __init__(self, metal: str, coefficients: Coefficients) -> None:
        self.metal = metal
        self.tables = coefficients
        self.options = coefficients["inventory_options"]
        self._shares: dict[tuple[str, str | None], NDArray[np.float64]] = {}
        self._none = np.zeros(len(size.classes_of(metal)))

    def emission(self, row: Table, year: int, sector: str, mix: Mix | None) -> NDArray[np.float64]:
        """Emission of one activity row by class.

        Parameters
        ----------
        row : mapping
            product, amount, unit, metal (blank unless legacy_metal) and where (its place in the file).
        year : int
            [yr]
        sector : str
        mix : tuple of (configuration, share), or None
            Devices of the year; None follows the technology curve.

        Returns
        -------
        ndarray, shape (n_class,)
            [kg yr⁻¹]
        """
        product, amount = row["product"], row["amount"]
        unit = self._trait(product, "activity_unit")
        self._check(row, unit)
        if product == "legacy_metal":
            return amount * self._split(product) if row["metal"] == self.metal else self._none
        vehicle = self._trait(product, "vehicle")
        if vehicle is not None:
            return amount * self._traffic(vehicle, year)
        boiler = self._trait(product, "boiler")
        if boiler is not None:
            burnt = coal.coal_burnt(amount, unit, self.options["electricity_coal"])
            return burnt * self._coal(product, boiler, year, sector, mix)
        return amount * self._process(product, unit, year, sector, mix)

    def _trait(self, product: str, name: str) -> Any:
        return self.tables["product"].get(f"{product}/{name}")

    def _check(self, row: Table, unit: str | None) -> None:
        if unit is None:
            known = sorted(key.split("/")[0] for key in self.tables["product"] if key.endswith("/activity_unit"))
            raise InputError("unknown product", **row["where"], found=row["product"], expected=", ".join(known))
        if row["unit"] != unit:
            raise InputError(
                f"{row['product']} is given in another unit",
                **row["where"],
                found=row["unit"],
                expected=unit,
                mend="convert the amount and write the unit",
            )
        if not row["amount"] >= 0.0:
            raise InputError(
                "the activity is negative or missing",
                **row["where"],
                found=row["amount"],
                expected="at least 0",
            )

    def _split(
        self, product: str, particle_type: str | None = None, mercury_type: str | None = None
    ) -> NDArray[np.float64]:
        particles = particle_type or self._trait(product, "particle_type")
        mercury = mercury_type or self._trait(product, "mercury_type")
        if (particles, mercury) not in self._shares:
            self._shares[particles, mercury] = size.class_shares(
                self.metal,
                particles,
                mercury,
                particle_size=self.tables["particle_size"],
                fine_enrichment=self.tables["fine_enrichment"],
                hg_species=self.tables["hg_species"],
            )
        return self._shares[particles, mercury]

    def _curve(self, product: str, year: int) -> float | None:
        rows = self.tables["technology_curve"]
        if f"{product}/ef_a" not in rows:
            return None
        before, after, onset, width = (rows[f"{product}/{name}"] for name in ("ef_a", "ef_b", "t0", "s"))
        return controls.technology_factor(year, before, after, onset, width)

    def _traffic(self, vehicle: str, year: int) -> NDArray[np.float64]:
        factors = traffic.wear_factors(
            vehicle,
            self.metal,
            year,
            self.tables["ef_vehicle"],
            copper_change_year=self.options["brake_copper_scale_year"],
            copper_scale=self.options["brake_copper_scale"],
        )
        per_km = {wear: factor for wear, factor in factors.items() if factor > 0.0}
        lead = traffic.petrol_lead_factor(vehicle, year, self.tables["petrol_lead"])
        if lead > 0.0:
            per_km["gas"] = lead  # lead from petrol leaves the exhaust as particles as fine as those of gas
        total = self._none
        for particles, factor in per_km.items():
            total = total + factor * KG_PER_UG * self._split("", particles, "other")
        return total

    def _coal(self, product: str, boiler: str, year: int, sector: str, mix: Mix | None) -> NDArray[np.float64]:
        washing = self.tables["washing"]
        content = self.tables["coal_content"][self.options["coal_region"]]
        release = self.tables["boiler_release"][boiler]
        washed = washing.get(f"washed_share/{sector}", 0.0)
        if mix is None:
            passed = self._curve(product, year)
            factor = coal.released_factor(content, release, washed, washing["removal/all"])
            factor *= 1.0 if passed is None else passed
            return factor * coal.KG_PER_G * self._split(product)
        total = self._none
        for devices, share in mix:
            factor = coal.stack_factor(
                content,
                release,
                devices,
                sector=sector,
                metal=self.metal,
                removal=self.tables["device_removal"],
                washing_removal=washing["removal/all"],
                washed_share=washed,
            )
            shares = self._split(product, size.coal_particle_type(devices), size.coal_mercury_type(devices))
            total = total + share * factor * coal.KG_PER_G * shares
        return total

    def _process(self, product: str, unit: str, year: int, sector: str, mix: Mix | None) -> NDArray[np.float64]:
        factor = self.tables["ef_process"].get(product)
        if factor is None:
            return self._none
        if mix is None:
            drifted = self._curve(product, year)
            factor = factor if drifted is None else drifted
        else:
            removal = self.tables["device_removal"]
            reference = controls.parse_configuration(self._trait(product, "reference_control"))
            bare = process.uncontrolled_factor(factor, reference, sector=sector, metal=self.metal, removal=removal)
            factor = bare * controls.mixed_penetration(mix, sector, self.metal, removal)
        in_kg = process.factor_in_kg(factor, self._trait(product, "factor_unit"), unit)
        return in_kg * self._split(product)


def _activity(
    tables: Mapping[str, Table], name: str, key: str, problems: list[InputError]
) -> dict[tuple[str, int], list[dict]]:
    table = tables[name]
    rows: dict[tuple[str, int], list[dict]] = {}
    seen: set[tuple] = set()
    for number, source in enumerate(table[key]):
        row: dict[str, Any] = {
            "product": str(table["product"][number]),
            "amount": float(table["amount"][number]),
            "unit": str(table["unit"][number]),
            "metal": str(table["metal"][number]) if "metal" in table else "",
            "where": {"file": f"{name}.csv", "where": f"row {number + 2}"},
        }
        year = int(table["year"][number])
        identity = (source, year, row["product"], row["metal"])
        if identity in seen:
            problems.append(
                InputError(
                    "the activity stands twice",
                    **row["where"],
                    found=", ".join(str(part) for part in identity if part != ""),
                    expected="one row for each source, year and product",
                )
            )
        seen.add(identity)
        rows.setdefault((source, year), []).append(row)
    return rows


def _window(sources: Table, number: int) -> tuple[float, float]:
    """Opening and closing year; area sources have neither."""
    if "opened_year" not in sources:
        return -np.inf, np.inf
    opened, closed = float(sources["opened_year"][number]), float(sources["closed_year"][number])
    return opened, np.inf if np.isnan(closed) else closed


def _missing_activity(kind: str, key: str, source: str, year: int) -> InputError:
    return InputError(
        "no activity for a year in which the source operates",
        file="activity.csv" if kind == "point" else "area_activity.csv",
        where=f"{key} {source}, year {year}",
        found="no row",
        expected="a row for every modelled year from opening to closing",
        mend="add the row (amount 0 for a year of standstill) or correct the opening and closing years",
    )
