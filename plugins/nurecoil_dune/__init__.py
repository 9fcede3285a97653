"""A feasibility study: 8Li antineutrinos in a DUNE module, under the beta decays of argon."""

from nurecoil_dune.plugin import DUNE, Options

__all__ = ["DUNE", "Options"]
