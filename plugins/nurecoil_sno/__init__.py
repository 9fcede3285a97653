"""IsoDAR at SNO+: recoils of 8Li antineutrinos in 0.8 kt of scintillator."""

from nurecoil_sno.plugin import SNO, Options

__all__ = ["SNO", "Options"]
