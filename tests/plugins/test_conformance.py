"""Every in-tree plugin keeps every rule of the contract. A new one is a class of one line here."""

from __future__ import annotations

from nurecoil.testing.conformance import ExperimentConformance, SearchConformance


class TestBorexino(ExperimentConformance):
    experiment = "borexino"


class TestGallium(ExperimentConformance):
    experiment = "gallium"


class TestKamLAND(ExperimentConformance):
    experiment = "kamland"


class TestJUNO(ExperimentConformance):
    experiment = "juno"


class TestSNO(ExperimentConformance):
    experiment = "sno"


class TestDUNE(ExperimentConformance):
    experiment = "dune"


class TestMagneticMoment(SearchConformance):
    search, experiment = "magnetic-moment", "borexino"


class TestLightVector(SearchConformance):
    search, experiment = "light-vector", "kamland"


class TestBLVector(SearchConformance):
    search, experiment = "b-l-vector", "kamland"


class TestMillicharge(SearchConformance):
    search, experiment = "millicharge", "kamland"
