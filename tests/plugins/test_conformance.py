"""Every in-tree plugin keeps every rule of the contract. A new one is a class of one line here."""

from __future__ import annotations

from nurecoil.testing.conformance import ExperimentConformance, SearchConformance


class TestBorexino(ExperimentConformance):
    experiment = "borexino"


class TestGallium(ExperimentConformance):
    experiment = "gallium"


class TestMagneticMoment(SearchConformance):
    search, experiment = "magnetic-moment", "borexino"
