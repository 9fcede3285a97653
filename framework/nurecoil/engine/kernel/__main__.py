"""``python -m nurecoil.engine.kernel``: compile the kernel now rather than at the first fit."""

from __future__ import annotations

from nurecoil.engine.batch import look, minima
from nurecoil.engine.compiled import CompiledModel
from nurecoil.testing.models import counting

if __name__ == "__main__":
    compiled = CompiledModel(counting(observed=3.0, background=1.0))
    free = ~compiled.fixed
    minima(compiled, compiled.data, compiled.start, free, 1e-9)
    look(compiled, compiled.data, compiled.start[None], free)
