"""Borexino Phase-II: the public spectrum of hits, or the Asimov data of the paper's exposure."""

from nurecoil_borexino.options import Options
from nurecoil_borexino.plugin import Borexino

__all__ = ["Borexino", "Options"]
