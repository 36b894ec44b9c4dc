"""Run a soil column: its water and metals as three tables."""

import argparse
from pathlib import Path

from metalbudget.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `metalbudget column`."""
    parser.add_argument("case", metavar="CASE_DIR", help="a folder with case.json, profile_initial.csv and met.csv")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the tables are written")
    parser.add_argument(
        "--tolerance", type=float, default=1.0e-3, metavar="X",
        help="of a time step's truncation error, in water content (default: 0.001)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Read, calculate, write; 0 if all went well."""
    from metalbudget import io
    from metalbudget.column import column_case

    if not 1.0e-7 <= arguments.tolerance <= 0.05:
        raise InputError(
            "the tolerance is out of range", where="--tolerance", found=arguments.tolerance, expected="1e-7 to 0.05"
        )
    folder, out = Path(arguments.case), Path(arguments.out)
    if not folder.is_dir():
        raise InputError(
            "the folder of the case does not exist",
            file=folder,
            mend="correct the path; it is relative to where you type",
        )
    if out.resolve() == folder.resolve():
        raise InputError("the tables would stand among the case's own", file=out, mend="give --out another folder")
    case = column_case.read(folder)
    result = column_case.run(case, arguments.tolerance)
    try:
        written = column_case.write(result, out, io.replacing)
    except OSError as error:
        raise InputError("the tables cannot be written", file=out, found=error.strerror or error) from error
    said = result.summary
    print(
        f"{folder.name}: drainage {said['bottom_drainage_cum_cm']:.3f} cm, "
        f"evaporation {said['evap_act_cum_cm']:.3f} cm, "
        f"transpiration {said['transp_act_cum_cm']:.3f} cm, runoff {said['runoff_cum_cm']:.3f} cm, "
        f"balance {said['water_balance_error_cm']:.1e} cm"
    )
    for path in written:
        print(f"wrote {path}")
    return 0
