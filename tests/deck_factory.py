"""A small AERMOD deck with its weather files, and parts to replace."""

from pathlib import Path

HEADER = "   30.000N  121.000E          UA_ID: 99999     SF_ID: 99999     OS_ID:              VERSION: 24142\n"
SURFACE = (
    "23  1 {day:2d}   {day} {hour:2d}  -20.8  0.264 -9.000 -9.000  -999   311     79.4  0.3500   0.80   1.00"
    "    {wind}   90.0   10.0  274.1    2.0     0   0.00    74   1011     8 NAD-SFC NoSubs\n"
)
PROFILE = "23  1 {day:2d} {hour:2d}    10.0 1    90.0    {wind}     0.95    99.00    99.00\n"


def write_weather(folder: Path, days: int = 2, winds: dict[int, str] | None = None) -> None:
    """Stable hours of January 2023 with an east wind of 2.6 m/s, or as given by row."""
    moments = [(day, hour) for day in range(1, days + 1) for hour in range(1, 25)]
    wind = {row: (winds or {}).get(row, "2.60") for row in range(len(moments))}
    (folder / "a.sfc").write_text(
        HEADER + "".join(SURFACE.format(day=d, hour=h, wind=wind[i]) for i, (d, h) in enumerate(moments))
    )
    (folder / "a.pfl").write_text(
        "".join(PROFILE.format(day=d, hour=h, wind=wind[i]) for i, (d, h) in enumerate(moments))
    )


def deck_text(
    control: str = "",
    source: str = "   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 100 35 432 11.7 2.4",
    receptors: str = "   DISCCART 500 0",
    meteorology: str = "",
    options: str = "CONC FLAT",
    average: str = "1",
    groups: str = "   SRCGROUP ALL",
) -> str:
    """A small deck with parts to replace."""
    return f"""CO STARTING
   TITLEONE a test
   MODELOPT {options}
   AVERTIME {average}
   POLLUTID OTHER
{control}
   RUNORNOT RUN
CO FINISHED
SO STARTING
{source}
{groups}
SO FINISHED
RE STARTING
{receptors}
RE FINISHED
ME STARTING
   SURFFILE a.sfc
   PROFFILE a.pfl
   SURFDATA 99999 2023
   UAIRDATA 99999 2023
   PROFBASE 0.0
{meteorology}
ME FINISHED
OU STARTING
   POSTFILE 1 ALL PLOT h.pst
OU FINISHED
"""
