"""The gallium experiments (SAGE, GALLEX, GNO): one capture rate on the shared solar fluxes."""

from nurecoil_gallium.plugin import Gallium, Options

__all__ = ["Gallium", "Options"]
