"""The package's edge to vector files: GeoPackage layers as plain arrays and geometries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError


@dataclass(frozen=True, eq=False)
class Layer:
    """Features of one vector layer.

    Parameters
    ----------
    crs : str or None
        Coordinate reference system as the file states it.
    geometry : ndarray of shapely geometries or None, shape (n,)
    columns : dict of str to ndarray, shape (n,)
        Attributes, in the order of the file.
    """

    crs: str | None
    geometry: NDArray[Any]
    columns: dict[str, NDArray[Any]]

    @property
    def n(self) -> int:
        """Number of features."""
        return len(self.geometry)


def read_vector(path: str | Path) -> Layer:
    """Read the only (or first) layer of a vector file."""
    import pyogrio.raw
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError

    if not Path(path).exists():
        raise InputError("the file does not exist", file=path, expected="a GeoPackage")
    try:
        meta, _, geometry, fields = pyogrio.raw.read(path, force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise InputError("the file cannot be read as a vector layer", file=path, found=error) from error
    names = [str(name) for name in meta["fields"]]
    if geometry is None:
        shapes = np.full(len(fields[0]) if fields else 0, None, dtype=object)
    else:
        shapes = np.asarray(shapely.from_wkb(geometry), dtype=object)
    return Layer(meta["crs"], shapes, dict(zip(names, fields, strict=True)))


def write_vector(
    path: str | Path, geometry: NDArray[Any], columns: dict[str, Any], crs: str, geometry_type: str
) -> None:
    """Write one layer as a GeoPackage; the same features give the same bytes.

    Parameters
    ----------
    path : path
        Target; the layer is called like the file.
    geometry : sequence of shapely geometries, length n
    columns : dict of str to sequence, length n
    crs : str
    geometry_type : str
        Such as ``Polygon``, ``MultiPolygon`` or ``LineString``.
    """
    import os

    import pyogrio.raw
    import shapely

    from metalbudget.io import FIXED_DATE, replacing

    before = os.environ.get("OGR_CURRENT_DATE")
    os.environ["OGR_CURRENT_DATE"] = FIXED_DATE
    try:
        with replacing(path) as temporary:
            pyogrio.raw.write(
                temporary,
                geometry=np.asarray(shapely.to_wkb(np.asarray(geometry, dtype=object)), dtype=object),
                field_data=[
                    np.asarray(values, dtype=object) if np.asarray(values).dtype.kind in "UO" else np.asarray(values)
                    for values in columns.values()
                ],
                fields=list(columns),
                crs=crs,
                geometry_type=geometry_type,
                driver="GPKG",
                layer=Path(path).stem,
            )
    finally:
        if before is None:
            os.environ.pop("OGR_CURRENT_DATE", None)
        else:
            os.environ["OGR_CURRENT_DATE"] = before
