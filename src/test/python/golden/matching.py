"""Fixed matching: text rows by class on every level, visual rows by the grid slot of a component's mass centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

IGNORE = 255


@dataclass
class Matched:
    row_class: np.ndarray  # rows: class, K for no object, -100 for an image without labels
    presence: np.ndarray  # K
    slots: dict[int, np.ndarray]  # slot to its component, cells at stride 4


def match(labels: np.ndarray, k: int, levels: int, m: int, things: list[int], min_cells: int, stride: int = 4) -> Matched:
    presence = np.array([(labels == c).any() for c in range(k)], dtype=np.int32)
    rows = np.full(k * levels + m, k, dtype=np.int32)
    if not presence.any():
        return Matched(np.full_like(rows, -100), presence, {})
    for level in range(levels):
        rows[level * k : (level + 1) * k] = np.where(presence, np.arange(k), k)
    slots = fill(labels[::stride, ::stride], math.isqrt(m), things, min_cells)
    for slot, (c, _) in slots.items():
        rows[k * levels + slot] = c
    return Matched(rows, presence, {s: cells for s, (_, cells) in slots.items()})


def fill(small: np.ndarray, grid: int, things: list[int], min_cells: int) -> dict[int, tuple[int, np.ndarray]]:
    """Two passes: the largest component takes its home slot, then losers the free neighbour whose centre is nearest."""
    h, w = small.shape
    parts = []
    for c in things:
        numbered, n = ndimage.label(small == c, structure=np.ones((3, 3)))
        for i in range(1, n + 1):
            cells = numbered == i
            if cells.sum() >= min_cells:
                y, x = np.nonzero(cells)
                parts.append((-int(cells.sum()), c, int(y[0]) * w + int(x[0]), (y + 0.5).mean() / h, (x + 0.5).mean() / w, cells))
    parts.sort(key=lambda p: p[:3])
    taken: dict[int, tuple[int, np.ndarray]] = {}
    lost = []
    for p in parts:
        y, x = (min(grid - 1, int(v * grid)) for v in p[3:5])
        if y * grid + x in taken:
            lost.append((p, y, x))
        else:
            taken[y * grid + x] = (p[1], p[5])
    for p, y, x in lost:
        free = [
            (((i + 0.5) / grid - p[3]) ** 2 + ((j + 0.5) / grid - p[4]) ** 2, i * grid + j)
            for i in range(max(0, y - 1), min(grid, y + 2))
            for j in range(max(0, x - 1), min(grid, x + 2))
            if i * grid + j not in taken
        ]
        if free:
            taken[min(free)[1]] = (p[1], p[5])
    return taken


def blobs(g: np.random.Generator, side: int, classes: int, count: int) -> np.ndarray:
    """A label map of discs on class 0, with ignored specks."""
    y, x = np.mgrid[0:side, 0:side]
    labels = np.zeros((side, side), dtype=np.int32)
    for _ in range(count):
        cy, cx, r = g.uniform(0, side, 2).tolist() + [g.uniform(side / 14, side / 5)]
        labels[(y - cy) ** 2 + (x - cx) ** 2 <= r * r] = g.integers(1, classes)
    labels[g.random(labels.shape) < 0.02] = IGNORE
    return labels
