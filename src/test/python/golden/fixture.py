"""Writes cases in the layout that the Java golden tests read: one manifest.json and one safetensors file a case."""

from __future__ import annotations

import contextlib
import json
import math
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

LARGE = 300  # tensors with more values are stored rounded to float32


def rng(name: str) -> np.random.Generator:
    """Numbers of a case depend on its name only."""
    return np.random.default_rng(zlib.crc32(("hiervl-java " + name).encode()))


def draw(g: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return (scale * g.standard_normal(shape)).astype(np.float32)


def weights(g: np.random.Generator, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Parameters of a module: matrices by their fan-in, norms around 1, biases small."""
    result = {}
    for name, shape in shapes.items():
        if name.endswith("weight") and len(shape) > 1:
            result[name] = draw(g, *shape, scale=1 / math.sqrt(np.prod(shape[1:])))
        elif name.endswith("weight"):
            result[name] = (1 + draw(g, *shape, scale=0.2)).astype(np.float32)
        else:
            result[name] = draw(g, *shape, scale=0.2)
    return result


def round_up(x: float) -> float:
    """One significant digit, upwards."""
    if x <= 0:
        return 0.0
    e = math.floor(math.log10(x))
    return float(f"{math.ceil(x / 10 ** e - 1e-9)}e{e}")


def tolerance(exact: np.ndarray, single: np.ndarray | None, rounded: bool, base: float = 1e-10) -> dict:
    """Ten times the error of the producer in float32, but never below 1e-6 of the largest value."""
    largest = float(np.abs(exact).max()) if exact.size else 0.0
    error = 0.0 if single is None else float(np.abs(exact - single).max())
    f32 = {"atol": round_up(max(1e-6, 1e-6 * largest, 10 * error)), "rtol": 1e-4}
    scale = max(1.0, largest)
    f64 = {"atol": float(f"{(1e-7 if rounded else base) * scale:.4g}"), "rtol": 1e-6 if rounded else 100 * base}
    return {"float32": f32, "float64": f64}


@contextlib.contextmanager
def group_norms(groups: int):
    """Modules that are made here have this many groups: both sources write 32 into theirs, too many for narrow maps."""
    original = torch.nn.GroupNorm
    torch.nn.GroupNorm = lambda n, channels, **other: original(1 if n == 1 else groups, channels, **other)
    try:
        yield
    finally:
        torch.nn.GroupNorm = original


class Topic:
    """A folder of cases."""

    def __init__(self, out: Path, name: str, versions: dict[str, str]):
        self.folder, self.name, self.cases = out / name, name, []
        self.versions = versions
        self.folder.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        manifest = {"topic": self.name, "versions": self.versions, "cases": self.cases}
        (self.folder / "manifest.json").write_text(json.dumps(manifest, indent=None, separators=(",", ":")) + "\n")

    def entry(self, case: str, op: str, config: dict) -> Writer:
        return Writer(self, case, op, config)

    def case(self, case: str, op: str, config: dict, fn, inputs=None, params=None, cot=(), grads=None, prefix="param."):
        """Runs fn(tensors) -> outputs in float64 and float32, with gradients of the sum of outputs times cotangents.

        Whole numbers stay as they are. grads: names that get a gradient; None means every float, () none.
        cot: outputs with a cotangent; a scalar output takes part with 1.
        """
        inputs = dict(inputs or {})
        params = {prefix + k: v for k, v in (params or {}).items()}
        values = {**inputs, **params}
        floats = [k for k, v in values.items() if v.dtype == np.float32]
        wanted = floats if grads is None else list(grads)
        seeds: dict[str, np.ndarray] = {}
        runs = []
        for dtype in (torch.float64, torch.float32):
            torch.set_default_dtype(dtype)
            tensors = {k: torch.tensor(v, dtype=dtype if v.dtype == np.float32 else torch.long) for k, v in values.items()}
            for k in wanted:
                tensors[k].requires_grad_(True)
            outputs = fn(tensors)
            if not seeds:
                g = rng(self.name + case + "cot")
                seeds = {o: draw(g, *outputs[o].shape) for o in cot}
            total = sum(
                (o * torch.tensor(seeds[n], dtype=dtype)).sum() if n in seeds else o.sum()
                for n, o in outputs.items()
                if (n in seeds or o.ndim == 0) and o.dtype.is_floating_point
            )
            if wanted:
                total.backward()
            found = {n: o.detach().numpy() for n, o in outputs.items()}
            found |= {
                "grad." + k: (tensors[k].grad if tensors[k].grad is not None else torch.zeros_like(tensors[k])).numpy() for k in wanted
            }
            runs.append(found)
        w = self.entry(case, op, config)
        for k, v in inputs.items():
            w.add(k, "input", v)
        for k, v in params.items():
            w.add(k, "param", v)
        for k, v in seeds.items():
            w.add("cot." + k, "cotangent", v)
        for k, v in runs[0].items():
            role = "gradient" if k.startswith("grad.") else "output"
            if np.issubdtype(v.dtype, np.floating):
                w.floats(k, role, v, runs[1][k])
            else:
                w.add(k, role, v.astype(np.int32), {"exact": True})
        w.close()
        return runs[0]


class Writer:
    """One case while it is written."""

    def __init__(self, topic: Topic, case: str, op: str, config: dict):
        self.topic, self.case, self.op, self.config = topic, case, op, config
        self.tensors: list[dict] = []
        self.arrays: dict[str, np.ndarray] = {}

    def add(self, name: str, role: str, value: np.ndarray, tol: dict | None = None) -> None:
        value = np.asarray(value)
        if value.dtype == np.int64 or value.dtype == np.bool_:
            value = value.astype(np.int32)
        if (
            value.size > 64
            and value.dtype in (np.int32, np.float32)
            and value.min() >= 0
            and value.max() < 256
            and (value == np.round(value)).all()
        ):
            value = value.astype(np.uint8)
        self.arrays[name] = np.array(value, order="C", copy=True)
        entry = {"name": name, "role": role, "shape": list(value.shape), "dtype": str(value.dtype), "file": self.case + ".safetensors"}
        if tol is not None:
            entry["tolerance"] = tol
        self.tensors.append(entry)

    def floats(
        self, name: str, role: str, exact: np.ndarray, single: np.ndarray | None, base: float = 1e-10, tol: dict | None = None
    ) -> None:
        exact = np.asarray(exact, dtype=np.float64)
        rounded = exact.size > LARGE
        t = tol or tolerance(exact, single, rounded, base)
        self.add(name, role, exact.astype(np.float32) if rounded else exact, t)

    def close(self) -> None:
        save_file(self.arrays, str(self.topic.folder / (self.case + ".safetensors")))
        self.topic.cases.append({"case": self.case, "op": self.op, "config": self.config, "tensors": self.tensors})
