"""Topic hiervl, fixed matching and the set loss."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

import matching
from fixture import Topic, draw, rng

K, LEVELS = 4, 3


def write(topic: Topic) -> None:
    targets(topic)
    set_loss(topic)
    without_no_object(topic)


def targets(topic: Topic) -> None:
    for case, k, m, side, count, cells, things in (
        ("matching_discs", 5, 16, 48, 9, 3, [1, 2, 3, 4]),
        ("matching_full", 6, 9, 64, 25, 2, list(range(6))),
    ):
        g = rng(case)
        labels = np.stack([matching.blobs(g, side, k, count) for _ in range(2)])
        found = [matching.match(x, k, LEVELS, m, things, cells) for x in labels]
        slots = [(b, s, int(f.row_class[k * LEVELS + s]), int(f.slots[s].sum())) for b, f in enumerate(found) for s in sorted(f.slots)]
        e = topic.entry(case, "fixed_matching", {"K": k, "L": LEVELS, "M": m, "slot_classes": things, "min_cells": cells})
        e.add("labels", "input", labels)
        exact = {"exact": True}
        e.add("presence", "output", np.stack([f.presence for f in found]), exact)
        e.add("row_class", "output", np.stack([f.row_class for f in found]), exact)
        e.add("slots", "output", np.array(slots, dtype=np.int32), exact)
        e.add("slot_masks", "output", np.stack([found[b].slots[s] for b, s, _, _ in slots]).astype(np.uint8), exact)
        e.close()


def bilinear(maps: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Maps (N,h,w) at points (N,P,2) in [0,1]."""
    return F.grid_sample(maps[:, None], 2 * points[:, None] - 1, mode="bilinear", align_corners=False)[:, 0, 0]


class SetTargets:
    """Masks of the matched rows of a batch, in the order of image and row."""

    def __init__(self, labels: np.ndarray, k: int, levels: int, m: int, things: list[int], cells: int):
        self.labels, self.k, self.levels = labels, k, levels
        self.found = [matching.match(x, k, levels, m, things, cells) for x in labels]
        self.row_class = np.stack([f.row_class for f in self.found])
        self.matched = np.array(
            [(b, r, c) for b, f in enumerate(self.found) for r, c in enumerate(f.row_class) if 0 <= c < k], dtype=np.int32
        )

    def at(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Target and validity of every matched row at its points."""
        target, valid = [], []
        h, w = self.labels.shape[1:]
        for (b, r, c), p in zip(self.matched, points):
            slot = r - self.k * self.levels
            mask = self.found[b].slots[slot] if slot >= 0 else self.labels[b] == c
            target.append(bilinear(torch.tensor(mask, dtype=p.dtype)[None], p[None])[0])
            y, x = ((p[:, i] * n).floor().long().clamp(0, n - 1) for i, n in ((1, h), (0, w)))
            valid.append(torch.tensor(self.labels[b] != matching.IGNORE)[y, x].to(p.dtype))
        return torch.stack(target), torch.stack(valid)


def set_losses(
    classes: torch.Tensor, masks: torch.Tensor, targets: SetTargets, candidates: torch.Tensor, random: torch.Tensor, no_object: float
):
    """Class, mask and dice loss of one prediction at the least certain candidates and the random points; the points too."""
    k = targets.k
    weight = torch.tensor([1.0] * k + [no_object], dtype=classes.dtype)
    rows = torch.tensor(targets.row_class).long()
    ce = F.cross_entropy(classes.flatten(0, 1), rows.flatten(), weight, ignore_index=-100)
    z = masks[torch.tensor(targets.matched[:, 0]).long(), torch.tensor(targets.matched[:, 1]).long()]
    hard = candidates.shape[1] // 3 - random.shape[1]
    with torch.no_grad():
        top = bilinear(z, candidates).abs().argsort(1)[:, :hard]
        points = torch.cat([candidates.gather(1, top[..., None].expand(-1, -1, 2)), random], 1)
        y, ok = targets.at(points)
    z = bilinear(z, points)
    bce = (F.binary_cross_entropy_with_logits(z, y, reduction="none") * ok).sum(1) / ok.sum(1).clamp(min=1)
    p, y = z.sigmoid() * ok, y * ok
    dice = 1 - (2 * (p * y).sum(1) + 1) / (p.sum(1) + y.sum(1) + 1)
    return ce, bce.mean(), dice.mean(), points


def boundary(masks: torch.Tensor, targets: SetTargets, candidates: torch.Tensor, hard: int) -> float:
    """Smallest distance between the last candidate that is taken and the first that is not."""
    u = (
        bilinear(masks[torch.tensor(targets.matched[:, 0]).long(), torch.tensor(targets.matched[:, 1]).long()], candidates)
        .abs()
        .sort(1)
        .values
    )
    return float((u[:, hard] - u[:, hard - 1]).min())


def set_loss(topic: Topic) -> None:
    m, things, points, hard = 4, [1, 2, 3], 12, 9
    for attempt in range(200):
        g = rng(f"set_loss{attempt}")
        labels = np.stack([matching.blobs(g, 32, K, 4) for _ in range(2)])
        labels[1, :, :9] = 255
        t = SetTargets(labels, K, LEVELS, m, things, 2)
        n, rows = len(t.matched), K * LEVELS + m
        inputs = {
            "class_logits": draw(g, 2, rows, K + 1),
            "mask_logits": draw(g, 2, rows, 8, 8, scale=2),
            "candidates": g.random((n, 3 * points, 2)).astype(np.float32),
            "random_points": g.random((n, points - hard, 2)).astype(np.float32),
            "labels": labels,
        }
        if boundary(torch.tensor(inputs["mask_logits"]), t, torch.tensor(inputs["candidates"]), hard) > 1e-3:
            break

    def run(v):
        ce, bce, dice, chosen = set_losses(v["class_logits"], v["mask_logits"], t, v["candidates"], v["random_points"], 0.1)
        return {
            "loss_class": ce,
            "loss_mask": bce,
            "loss_dice": dice,
            "matched": torch.tensor(t.matched),
            "points": chosen,
            "weighted": 2 * ce + 5 * bce + 5 * dice,
        }

    config = {
        "K": K,
        "L": LEVELS,
        "M": m,
        "slot_classes": things,
        "min_cells": 2,
        "num_points": points,
        "importance": 0.75,
        "no_object_weight": 0.1,
        "weights": [2, 5, 5],
    }
    topic.case("set_loss", "set_loss", config, run, inputs, grads=["class_logits", "mask_logits"])


def without_no_object(topic: Topic) -> None:
    g = rng("no_object_false")
    present = np.array([[1, 0, 1, 0], [0, 1, 1, 1]], dtype=np.int32)

    def run(t):
        on = t["present"].bool().repeat(1, LEVELS)
        ce = F.cross_entropy(t["class_logits"].flatten(0, 1), torch.arange(K).repeat(LEVELS).repeat(2), reduction="none").reshape(2, -1)
        empty = F.softplus(t["mask_logits"])
        return {"loss_class": ce[on].mean(), "loss_empty": empty[~on].mean()}

    topic.case(
        "no_object_false",
        "no_object_false",
        {"K": K, "L": LEVELS},
        run,
        {"class_logits": draw(g, 2, K * LEVELS, K), "mask_logits": draw(g, 2, K * LEVELS, 4, 4), "present": present},
        grads=["class_logits", "mask_logits"],
    )
