"""Compiled functions that only look into arrays of their callers, without counting references to them.

numba counts references to every array that a function is given, one by one for a tuple of arrays such as a plume's air:
at a node of a plume that costs several times the sum it guards. A function that makes no array, keeps none and returns
none can do without.
"""

import functools
from typing import Any

from numba import njit

njit_borrowing: Any = functools.partial(njit, cache=True, _nrt=False)
