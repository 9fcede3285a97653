"""New physics in neutrino recoil spectra: experiments and searches are plugins, one engine runs them all.

The public names are listed here for type checkers and readers; :mod:`nurecoil._face` finds them when they
are used.

Example:
    >>> import nurecoil as nr
    >>> [entry.name for entry in nr.searches() if entry.name == "magnetic-moment"]
    ['magnetic-moment']
"""

import sys as _sys
from typing import TYPE_CHECKING

from nurecoil._face import Face as _Face

if TYPE_CHECKING:
    from nurecoil import errors as errors
    from nurecoil._version import __version__ as __version__
    from nurecoil.analysis import build as build
    from nurecoil.bridges.files import write as write
    from nurecoil.bridges.pyhf import to_pyhf as to_pyhf
    from nurecoil.bridges.reading import read as read
    from nurecoil.bridges.zfit import to_zfit as to_zfit
    from nurecoil.combining.combination import combine as combine
    from nurecoil.inference.contours import contour as contour
    from nurecoil.inference.coverage import coverage as coverage
    from nurecoil.inference.fit import fit as fit
    from nurecoil.inference.fit import nll as nll
    from nurecoil.inference.goodness_toys import goodness as goodness
    from nurecoil.inference.impacts import impacts as impacts
    from nurecoil.inference.limits import limit as limit
    from nurecoil.inference.limits import limits as limits
    from nurecoil.inference.minos import minos as minos
    from nurecoil.inference.profile import profile as profile
    from nurecoil.inference.sensitivity import sensitivity as sensitivity
    from nurecoil.inference.significance import significance as significance
    from nurecoil.inference.toys import toys as toys
    from nurecoil.plugins import experiments as experiments
    from nurecoil.plugins import searches as searches

_sys.modules[__name__].__class__ = _Face
