"""IsoDAR at KamLAND: recoils of 8Li antineutrinos in 0.9 kt of scintillator."""

from nurecoil_kamland.plugin import KamLAND, Options

__all__ = ["KamLAND", "Options"]
