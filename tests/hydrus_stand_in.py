"""A program that answers as HYDRUS-1D does, whatever it is asked.

All rain, and water that stands on the soil at the start, passes at once through soil whose water content stays at 0.30;
nothing evaporates: every flux is known by hand.
"""

import stat
import sys
from pathlib import Path

STAND_IN = """#!{python}
import pathlib, sys, time
mode = "{mode}"
folder = pathlib.Path(sys.argv[1])
assert (folder / "LEVEL_01.DIR").read_text().strip() == str(folder)
selector = (folder / "SELECTOR.IN").read_text().splitlines()
start = selector.index("TPrint") + 1
days = []
for line in selector[start:]:
    if line.startswith("***"):
        break
    days += [float(word) for word in line.split()]
profile = (folder / "PROFILE.DAT").read_text().splitlines()
depths = [-float(line.split()[1]) for line in profile[3:-2]]
ponded = max(float(profile[3].split()[2]), 0.0)
rain, ends = [], []
for line in (folder / "ATMOSPH.IN").read_text().splitlines()[9:-1]:
    words = line.split()
    ends.append(float(words[0]))
    rain.append(float(words[1]))
if mode == "silent":
    sys.exit(0)
if mode == "hang":
    time.sleep(30)
if mode == "early":
    days = days[:-1]
    print("The numerical solution has not converged !")
titles = ("Time rTop rRoot vTop vRoot vBot sum(rTop) sum(rRoot) sum(vTop) sum(vRoot) sum(vBot) hTop hRoot hBot RunOff "
          "sum(RunOff) Volume sum(Infil) sum(Evap) TLevel Cum(WTrans) SnowLayer")
with (folder / "T_LEVEL.OUT").open("w") as out:
    out.write(" ******* Program HYDRUS\\n\\n " + titles + "\\n  [T]  [L/T]\\n\\n")
    for day in days:
        fallen, last = 0.0, 0.0
        for end, rate in zip(ends, rain):
            fallen += rate * max(min(end, day) - last, 0.0)
            last = end
        lost = 5.0 if mode == "soil" and day == days[-1] else 0.0
        shed = 5.0 if mode == "surface" else min(1.0, fallen) if mode == "shed" else 0.0
        off = shed if mode == "shed" else 0.0
        into = fallen - shed + ponded
        vbot = "NaN" if mode == "nan" and day == days[-1] else format(-(into - lost), ".5E")
        values = [day, 0, 0, 0, 0, 0, -fallen, 0, -into, "0.10000-104", vbot, "-10.0-100000.000", 0, 0, off, 30.0, into]
        out.write(" " + " ".join(str(value) for value in values) + " 0.0 7 0 0\\n")
    if mode != "cut":
        out.write("end\\n")
with (folder / "Nod_Inf.out").open("w") as out:
    for day in [0.0, *days]:
        out.write(f" Time: {{day:14.4f}}\\n\\n Node Depth Head Moisture K C Flux Sink Kappa v/KsTop Temp\\n [L]\\n\\n")
        for node, depth in enumerate(depths, 1):
            out.write(f" {{node}} {{-depth:.4f}} -100.000 0.3000 0.1 0.1 -0.1 0.0 -1 0.1 20.00\\n")
    out.write("end\\n")
"""


def stand_in(folder: Path, mode: str = "whole") -> Path:
    """A program that answers as HYDRUS-1D does, in one way or another."""
    program = folder / f"hydrus_{mode}"
    program.write_text(STAND_IN.format(python=sys.executable, mode=mode))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program
