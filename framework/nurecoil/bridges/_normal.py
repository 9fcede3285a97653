"""Gaussian constraints of a model gathered into independent blocks, each with a centre and a root.

Own constraints and joint ones that share a parameter belong together; what is fixed is conditioned on, what
no sample uses is marginalised. How a block is written is not decided here.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nurecoil.model.parameters import GaussianConstraint
from nurecoil.model.spectral import SpectralModel

__all__ = ["Block", "blocks"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Block:
    """A joint normal constraint: ``theta = centre + root @ pulls`` with independent unit-normal pulls.

    Args:
        names: free parameters that samples use.
        centre: shape ``(n,)``, in the parameters' units.
        root: lower triangular, shape ``(n, n)``; ``root @ root.T`` is the covariance.
    """

    names: tuple[str, ...]
    centre: Array
    root: Array

    def pulls(self, values: Array) -> Array:
        """Pulls of values of the parameters."""
        return np.asarray(np.linalg.solve(self.root, values - self.centre))

    def values(self, pulls: Array) -> Array:
        """Values of the parameters at given pulls."""
        return np.asarray(self.centre + self.root @ pulls)


def blocks(model: SpectralModel, used: Set[str]) -> tuple[Block, ...]:
    """Every Gaussian constraint of a model on free parameters.

    Args:
        model: the model; its covariances are positive definite, which compiling it has checked.
        used: parameters that samples use as factors.

    Returns:
        Independent blocks, in the order of the model's parameters.

    Example:
        >>> from nurecoil.testing.models import counting
        >>> (one,) = blocks(counting(3.0, 1.0, background_error=0.2), {"background"})
        >>> one.names, one.centre.tolist(), one.root.tolist()
        (('background',), [1.0], [[0.2]])
    """
    terms: list[tuple[tuple[str, ...], Array, Array]] = [
        ((name,), np.array([p.constraint.centre]), np.array([[p.constraint.width**2]]))
        for name, p in model.parameters.items()
        if isinstance(p.constraint, GaussianConstraint)
    ]
    terms += [(c.names, np.array(c.centre), np.array(c.covariance)) for c in model.constraints]
    order = {name: i for i, name in enumerate(model.parameters)}
    found = [_block(model, group, used) for group in _components(terms)]
    return tuple(sorted((b for b in found if b is not None), key=lambda b: order[b.names[0]]))


def _components(
    terms: list[tuple[tuple[str, ...], Array, Array]],
) -> list[list[tuple[tuple[str, ...], Array, Array]]]:
    """Terms grouped so that no parameter is in two groups."""
    groups: list[tuple[set[str], list[tuple[tuple[str, ...], Array, Array]]]] = []
    for term in terms:
        names, members = set(term[0]), [term]
        apart = []
        for known, inside in groups:
            if known & names:
                names |= known
                members = inside + members
            else:
                apart.append((known, inside))
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _block(
    model: SpectralModel, terms: list[tuple[tuple[str, ...], Array, Array]], used: Set[str]
) -> Block | None:
    """The product of normal terms, given what is fixed, over what is left out."""
    names = list(dict.fromkeys(name for term in terms for name in term[0]))
    free = [name for name in names if not model.parameters[name].fixed]
    wanted = [name for name in model.parameters if name in free and name in used]
    if not wanted:
        return None
    if len(terms) == 1 and len(free) == len(names):
        chosen = [names.index(name) for name in wanted]
        covariance = terms[0][2][np.ix_(chosen, chosen)]
        return Block(tuple(wanted), terms[0][1][chosen], np.asarray(np.linalg.cholesky(covariance), float))
    weight = np.zeros((len(names), len(names)))
    pull = np.zeros(len(names))
    for members, centre, covariance in terms:
        index = [names.index(name) for name in members]
        precision = np.linalg.inv(covariance)
        weight[np.ix_(index, index)] += precision
        pull[index] += precision @ centre
    moving = [names.index(name) for name in free]
    held = [i for i in range(len(names)) if i not in moving]
    values = np.array([model.parameters[names[i]].value for i in held])
    covariance = np.asarray(np.linalg.inv(weight[np.ix_(moving, moving)]), float)
    mean = covariance @ (pull[moving] - weight[np.ix_(moving, held)] @ values)
    chosen = [free.index(name) for name in wanted]
    root = np.asarray(np.linalg.cholesky(covariance[np.ix_(chosen, chosen)]), float)
    return Block(tuple(wanted), mean[chosen], root)
