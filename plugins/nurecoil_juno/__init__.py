"""IsoDAR at JUNO: recoils of 8Li antineutrinos in 20 kt of scintillator."""

from nurecoil_juno.plugin import JUNO, Options

__all__ = ["JUNO", "Options"]
