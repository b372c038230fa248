"""Topics optim, metrics and sliding: PyTorch's AdamW, and numpy statements of measures and windows."""

from __future__ import annotations

import numpy as np
import torch

from fixture import Topic, draw, rng


def optim(topic: Topic) -> None:
    groups = [
        {"params": ["w1"], "lr": 0.02, "weight_decay": 0.05},
        {"params": ["b1", "b2"], "lr": 0.03, "weight_decay": 0.0},
        {"params": ["w2"], "lr": 0.05, "weight_decay": 0.02},
    ]
    for clip in (0.2, 3.0):
        g = rng("adamw")
        x, y = draw(g, 9, 5), draw(g, 9, 4)
        init = {"w1": draw(g, 5, 7, scale=0.5), "b1": draw(g, 7, scale=0.1), "w2": draw(g, 7, 4, scale=0.5), "b2": draw(g, 4, scale=0.1)}
        runs = [trajectory(groups, clip, x, y, init, dtype) for dtype in (torch.float64, torch.float32)]
        config = {"steps": 20, "groups": groups, "betas": [0.9, 0.999], "eps": 1e-8, "clip_norm": clip, "T": 45, "Tw": 7}
        w = topic.entry(f"adamw_clip{clip}", "adamw_trajectory", config)
        w.add("x", "input", x)
        w.add("y", "input", y)
        for n, v in init.items():
            w.add("init." + n, "param", v)
        for n, v in runs[0].items():
            w.floats(n, "output", v, runs[1][n])
        w.close()
    t = np.array([0, 1, 5, 199, 200, 201, 5000, 41879, 41880], dtype=np.int32)
    lr = 3e-4 * (1 - t / 41880) ** 0.9 * np.where(t < 200, 1 - (1 - t / 200) * (1 - 1e-6), 1)
    w = topic.entry("poly_warmup", "lr_schedule", {"lr0": 3e-4, "T": 41880, "Tw": 200, "power": 0.9, "warmup_start": 1e-6})
    w.add("iteration", "input", t)
    w.add("lr", "output", lr, {"float64": {"atol": 1e-18, "rtol": 1e-10}, "float32": {"atol": 1e-10, "rtol": 1e-5}})
    w.close()


def trajectory(groups, clip, x, y, init, dtype) -> dict[str, np.ndarray]:
    x, y = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)
    p = {n: torch.tensor(v, dtype=dtype, requires_grad=True) for n, v in init.items()}
    opt = torch.optim.AdamW(
        [{"params": [p[n] for n in g["params"]], "lr": g["lr"], "weight_decay": g["weight_decay"]} for g in groups],
        betas=(0.9, 0.999),
        eps=1e-8,
    )
    trace: dict[str, list] = {k: [] for k in ["loss", "grad_norm", "lr", *p]}
    for t in range(20):
        factor = (1 - t / 45) ** 0.9 * (1 - (1 - t / 7) * (1 - 1e-6) if t < 7 else 1)
        for group, g in zip(opt.param_groups, groups):
            group["lr"] = g["lr"] * factor
        opt.zero_grad()
        loss = ((torch.tanh(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"] - y) ** 2).mean()
        loss.backward()
        trace["grad_norm"].append(float(torch.nn.utils.clip_grad_norm_(list(p.values()), clip)))
        opt.step()
        trace["loss"].append(float(loss.detach()))
        trace["lr"].append([g["lr"] for g in opt.param_groups])
        for n, v in p.items():
            trace[n].append(v.detach().numpy().copy())
    result = {"traj." + n: np.array(v) for n, v in trace.items()}
    for n, v in p.items():
        result[f"state.{n}.exp_avg"] = opt.state[v]["exp_avg"].numpy()
        result[f"state.{n}.exp_avg_sq"] = opt.state[v]["exp_avg_sq"].numpy()
    return result


def metrics(topic: Topic) -> None:
    for case, classes, shape, absent, ignored in (
        ("plain", 4, (2, 9, 8), [], 0.0),
        ("ignore", 7, (3, 8, 10), [], 0.2),
        ("absent", 6, (2, 10, 7), [1, 4], 0.1),
        ("one_class", 2, (1, 5, 6), [], 0.3),
    ):
        g = rng("metrics" + case)
        here = [k for k in range(classes) if k not in absent]
        target, guess = (g.choice(here, shape).astype(np.int32) for _ in range(2))
        prediction = np.where(g.random(shape) < 0.6, target, guess).astype(np.int32)
        target[g.random(shape) < ignored] = 255
        if case == "ignore":
            target[1] = 255
        counted = target != 255
        confusion = np.bincount(target[counted] * classes + prediction[counted], minlength=classes * classes).reshape(classes, classes)
        both = np.diag(confusion)
        rows, columns = confusion.sum(1), confusion.sum(0)
        union = rows + columns - both
        iou = np.where(union > 0, both / np.maximum(union, 1), 0.0)
        w = topic.entry(case, "segmentation_metrics", {"classes": classes, "ignore": 255})
        w.add("prediction", "input", prediction)
        w.add("target", "input", target)
        for n, v in (("confusion", confusion), ("intersection", both), ("union", union)):
            w.add(n, "output", v.astype(np.int32), {"exact": True})
        values = {
            "iou": iou,
            "miou_all_classes": iou.mean(),
            "miou_present_classes": iou[union > 0].mean(),
            "pixel_accuracy": both.sum() / confusion.sum(),
            "mean_accuracy": (both[rows > 0] / rows[rows > 0]).mean(),
        }
        for n, v in values.items():
            w.add(
                n,
                "output",
                np.array(v, dtype=np.float64),
                {"float64": {"atol": 1e-9, "rtol": 1e-9}, "float32": {"atol": 1e-6, "rtol": 1e-5}},
            )
        w.close()


def starts(length: int, crop: int, stride: int) -> list[int]:
    """Full windows at multiples of the stride; the last one is moved back to the border."""
    if length <= crop:
        return [0]
    found = list(range(0, length - crop, stride))
    return found + [length - crop]


def sliding(topic: Topic) -> None:
    for case, h, w_, crop, stride in (
        ("inside", 20, 20, 10, 5),
        ("clamped", 23, 17, 10, 5),
        ("exact", 12, 12, 12, 6),
        ("padded", 7, 19, 10, 5),
        ("odd", 16, 25, 9, 4),
    ):
        g = rng("sliding" + case)
        image, a = draw(g, 3, h, w_), draw(g, 5, 3)
        padded = np.zeros((3, max(h, crop), max(w_, crop)), dtype=np.float64)
        padded[:, :h, :w_] = image
        windows = [(y, x) for y in starts(padded.shape[1], crop, stride) for x in starts(padded.shape[2], crop, stride)]
        score, counts = np.zeros((5, *padded.shape[1:])), np.zeros(padded.shape[1:], dtype=np.int32)
        b = np.arange(crop * crop).reshape(crop, crop) / (crop * crop - 1)
        for y, x in windows:
            view = (slice(y, y + crop), slice(x, x + crop))
            score[:, *view] += np.einsum("kc,chw->khw", a.astype(np.float64), padded[:, *view]) + np.arange(5)[:, None, None] * b
            counts[view] += 1
        score = (score / counts)[:, :h, :w_]
        w = topic.entry(case, "sliding_window", {"crop": crop, "stride": stride})
        w.add("image", "input", image)
        w.add("A", "input", a)
        w.add("windows", "output", np.array(windows, dtype=np.int32), {"exact": True})
        w.add("counts", "output", counts, {"exact": True})
        w.floats("score", "output", score, None)
        w.add("label", "output", score.argmax(0).astype(np.int32), {"exact": True})
        w.close()
    sizes = [[640, 480, 512], [801, 801, 801], [1000, 1600, 769], [333, 500, 320]]
    w = topic.entry("grids", "window_grid", {"sizes_h_w_crop": sizes})
    for h, w_, crop in sizes:
        grid = [(y, x) for y in starts(h, crop, crop // 2) for x in starts(w_, crop, crop // 2)]
        w.add(f"starts_{h}x{w_}_{crop}", "output", np.array(grid, dtype=np.int32), {"exact": True})
    w.close()
