"""The version of nurecoil, in the one place where it is written down; nothing else lives here."""

__all__ = ["__version__"]

__version__ = "0.1.0"
