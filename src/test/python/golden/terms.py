"""Topic hiervl, losses with their targets: the peer's where it has the reading, else a statement of the formula."""
from __future__ import annotations

import types

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call

import matching
from fixture import Topic, draw, rng, weights
from modules import linear_shapes

K, LEVELS, JOINT = 4, 3, 6


def unit(x: np.ndarray) -> np.ndarray:
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32)


def write(topic: Topic) -> None:
    targets(topic)
    set_loss(topic)
    without_no_object(topic)
    prompts(topic)
    query_text(topic)
    masked(topic)
    pixels(topic)
    guidance_labels(topic)
    cutmix(topic)
    totals(topic)


def targets(topic: Topic) -> None:
    for case, k, m, side, count, cells, things in (("matching_discs", 5, 16, 48, 9, 3, [1, 2, 3, 4]), ("matching_full", 6, 9, 64, 25, 2, list(range(6)))):
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
        self.matched = np.array([(b, r, c) for b, f in enumerate(self.found) for r, c in enumerate(f.row_class) if 0 <= c < k], dtype=np.int32)

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


def set_losses(classes: torch.Tensor, masks: torch.Tensor, targets: SetTargets, candidates: torch.Tensor, random: torch.Tensor, no_object: float):
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
    u = bilinear(masks[torch.tensor(targets.matched[:, 0]).long(), torch.tensor(targets.matched[:, 1]).long()], candidates).abs().sort(1).values
    return float((u[:, hard] - u[:, hard - 1]).min())


def set_loss(topic: Topic) -> None:
    m, things, points, hard = 4, [1, 2, 3], 12, 9
    for attempt in range(200):
        g = rng(f"set_loss{attempt}")
        labels = np.stack([matching.blobs(g, 32, K, 4) for _ in range(2)])
        labels[1, :, :9] = 255
        t = SetTargets(labels, K, LEVELS, m, things, 2)
        n, rows = len(t.matched), K * LEVELS + m
        inputs = {"class_logits": draw(g, 2, rows, K + 1), "mask_logits": draw(g, 2, rows, 8, 8, scale=2), "candidates": g.random((n, 3 * points, 2)).astype(np.float32),
                  "random_points": g.random((n, points - hard, 2)).astype(np.float32), "labels": labels}
        if boundary(torch.tensor(inputs["mask_logits"]), t, torch.tensor(inputs["candidates"]), hard) > 1e-3:
            break

    def run(v):
        ce, bce, dice, chosen = set_losses(v["class_logits"], v["mask_logits"], t, v["candidates"], v["random_points"], 0.1)
        return {"loss_class": ce, "loss_mask": bce, "loss_dice": dice, "matched": torch.tensor(t.matched), "points": chosen, "weighted": 2 * ce + 5 * bce + 5 * dice}

    config = {"K": K, "L": LEVELS, "M": m, "slot_classes": things, "min_cells": 2, "num_points": points, "importance": 0.75, "no_object_weight": 0.1, "weights": [2, 5, 5]}
    topic.case("set_loss", "set_loss", config, run, inputs, grads=["class_logits", "mask_logits"])


def without_no_object(topic: Topic) -> None:
    g = rng("no_object_false")
    present = np.array([[1, 0, 1, 0], [0, 1, 1, 1]], dtype=np.int32)

    def run(t):
        on = t["present"].bool().repeat(1, LEVELS)
        ce = F.cross_entropy(t["class_logits"].flatten(0, 1), torch.arange(K).repeat(LEVELS).repeat(2), reduction="none").reshape(2, -1)
        empty = F.softplus(t["mask_logits"])
        return {"loss_class": ce[on].mean(), "loss_empty": empty[~on].mean()}

    topic.case("no_object_false", "no_object_false", {"K": K, "L": LEVELS}, run,
               {"class_logits": draw(g, 2, K * LEVELS, K), "mask_logits": draw(g, 2, K * LEVELS, 4, 4), "present": present}, grads=["class_logits", "mask_logits"])


def distance(d: torch.Tensor, eps: float) -> torch.Tensor:
    return (d.pow(2).sum(-1) + eps).sqrt()


def topology(v: dict, factor: float) -> dict:
    t, anchor = F.normalize(v["t"], dim=-1), F.normalize(v["t_clip"], dim=-1)
    return {"loss": factor * ((t @ t.T - anchor @ anchor.T) ** 2).sum()}


def prompts(topic: Topic) -> None:
    from hiervl_torch import losses
    from hiervl_torch.model import PhiT
    for k in (3, 7):
        g = rng(f"prompts{k}")
        t, clip = unit(draw(g, k, JOINT)), unit(draw(g, k, JOINT))
        p = weights(g, {**linear_shapes("phi.0", JOINT, JOINT), **linear_shapes("phi.2", JOINT, JOINT)})
        inputs = {"t": t, "t_clip": clip}
        torch.set_default_dtype(torch.float32)
        module = PhiT(JOINT)
        names = lambda v: {f"{o}.{kind}": v[f"param.phi.{n}.{kind}"] for n, o in ((0, "a"), (2, "b")) for kind in ("weight", "bias")}
        phi = lambda v: (lambda x: functional_call(module, names(v), (x,)))
        for rescale, factor in (("none", 1.0), ("(21/K)^2", (21 / k) ** 2)):
            topic.case(f"topo_k{k}_{'literal' if factor == 1 else 'rescaled'}", "topo_loss", {"rescale": rescale},
                       lambda v, f=factor: topology(v, f), inputs, grads=["t"])
        grads = ["t"] + ["param." + n for n in p]
        norm = lambda v: (F.normalize(v["t"], dim=-1), F.normalize(v["t_clip"], dim=-1))
        topic.case(f"anchor_k{k}_default", "anchor_loss", {"lambda_rep": 0.1, "power": 1, "literal": False, "eps": 1e-8, "rescale": "21/K"},
                   lambda v: {"loss": losses.prompt_loss(*norm(v), phi(v), 0.1)[1]}, inputs, p, grads=grads)

        def other(v, k=k, literal=False):
            x, anchor = norm(v)
            f = phi(v)(x) if not literal else F.relu(x @ v["param.phi.0.weight"].T + v["param.phi.0.bias"]) @ v["param.phi.2.weight"].T + v["param.phi.2.bias"]
            apart = torch.log1p(distance(f[:, None] - f[None], 1e-12)) * (1 - torch.eye(k))
            if literal:
                return {"loss": (distance(f - anchor, 1e-12) - 0.3 * apart.sum(1)).sum()}
            return {"loss": 21 / k * (((f - anchor) ** 2).sum(-1) + 1e-12 - 0.3 * apart.sum(1) / (k - 1)).sum()}

        topic.case(f"anchor_k{k}_power2", "anchor_loss", {"lambda_rep": 0.3, "power": 2, "literal": False, "eps": 1e-12, "rescale": "21/K"}, other, inputs, p, grads=grads)
        topic.case(f"anchor_k{k}_literal", "anchor_loss", {"lambda_rep": 0.3, "power": 1, "literal": True, "eps": 1e-12, "rescale": "none"},
                   lambda v, o=other: o(v, literal=True), inputs, p, grads=grads)


def query_text(topic: Topic) -> None:
    from hiervl_torch import losses
    g = rng("query_text")
    width, queries = 8, 7
    rows = np.array([[0, 0], [0, 3], [1, 1], [1, 6]], dtype=np.int32)
    classes = np.array([0, 3, 1, 2], dtype=np.int32)
    p = weights(g, {**linear_shapes("phi.0", width, JOINT), **linear_shapes("phi.2", JOINT, JOINT)})
    inputs = {"normed": draw(g, 2, queries, width), "class_logits": draw(g, 2, queries, K + 1, scale=2), "t": unit(draw(g, K, JOINT)), "rows": rows, "class": classes}

    def phi(v):
        return lambda x: F.linear(F.relu(F.linear(x, v["param.phi.0.weight"], v["param.phi.0.bias"])), v["param.phi.2.weight"], v["param.phi.2.bias"])

    def default(v):
        out = types.SimpleNamespace(query=v["normed"])
        return {"loss": losses.query_text(out, F.normalize(v["t"], dim=-1), phi(v), v["rows"][:, 0], v["rows"][:, 1], v["class"])}

    def literal(v):
        best = v["class_logits"][..., :K].argmax(-1)
        return {"loss": ((phi(v)(v["normed"]) - v["t"][best]) ** 2).sum()}

    own = ["normed"] + ["param." + n for n in p]
    topic.case("qt_default", "qt_loss", {"literal": False}, default, inputs, p, grads=own)
    topic.case("qt_literal", "qt_loss", {"literal": True}, literal, inputs, p, grads=own + ["t"])

    def confident(v):
        best = v["class_logits"].softmax(-1).max(-1)
        sure = (best.values >= 0.5) & (best.indices < K)
        return {"rows": sure.nonzero(), "class": best.indices[sure]}

    topic.case("qt_confident_rows", "qt_confident_rows", {"threshold": 0.5}, confident, {"class_logits": inputs["class_logits"]}, grads=[])


def masked(topic: Topic) -> None:
    g = rng("masked")
    labels = np.stack([matching.blobs(g, 32, K, 5) for _ in range(2)])
    chosen = np.array([int(np.unique(x[(x > 0) & (x < K)])[0]) for x in labels], dtype=np.int32)

    def geometry(v):
        hit = v["labels"] == v["class"][:, None, None]
        share = F.avg_pool2d(hit[:, None].to(torch.get_default_dtype()), 16)[:, 0]
        selected = share >= 0.5
        for b in range(2):
            if not selected[b].any():
                selected[b].view(-1)[share[b].argmax()] = True
        return {"selected": selected.long(), "erased": v["image"].masked_fill(hit[:, None], 0)}

    topic.case("mask_geometry", "masked_patches", {"patch": 16}, geometry, {"labels": labels, "class": chosen, "image": draw(g, 2, 3, 32, 32)}, grads=[])
    n = 9
    selected = (g.random((2, n)) < 0.4).astype(np.int32)
    selected[:, 0] = 1

    def both(v):
        on = v["selected"].bool()
        x, ref, t = (F.normalize(v[name], dim=-1) for name in ("x_mask", "x_ref", "t"))
        classes = v["class"][:, None].expand(-1, n)[on]
        return {"loss_mask": (1 - (x[on] * ref[on]).sum(-1)).mean(), "loss_pt": F.cross_entropy(x[on] @ t.T / 0.07, classes)}

    topic.case("masked_losses", "masked_losses", {"tau": 0.07}, both,
               {"x_mask": draw(g, 2, n, JOINT), "x_ref": draw(g, 2, n, JOINT), "selected": selected, "class": np.array([2, 0], dtype=np.int32), "t": unit(draw(g, K, JOINT))},
               grads=["x_mask", "t"])
    present = np.array([[1, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1]], dtype=np.int32)

    def gate(v):
        per = F.binary_cross_entropy_with_logits(v["logit"], v["present"].to(v["logit"].dtype), reduction="none")
        on = v["present"].bool()
        zero = per.sum() * 0
        return {"loss": torch.stack([(p[o].mean() if o.any() else zero) + (p[~o].mean() if (~o).any() else zero) for p, o in zip(per, on)]).mean() / 2}

    topic.case("gate_bce", "gate_bce", {}, gate, {"logit": draw(g, 3, K, scale=2), "present": present}, grads=["logit"])


def pixels(topic: Topic) -> None:
    from hiervl_torch import losses
    g = rng("pixels")
    h, w = 9, 11
    confidence = g.uniform(0.3, 1, (2, h, w)).astype(np.float32)
    confidence[np.abs(confidence - 0.8) < 1e-3] = 0.9
    valid = (g.random((2, h, w)) < 0.85).astype(np.int32)
    guide = g.integers(0, K, (2, h, w)).astype(np.int32)
    guide[g.random(guide.shape) < 0.4] = 255
    inputs = {"z": draw(g, 2, K, h, w, scale=2), "label": g.integers(0, K, (2, h, w)).astype(np.int32), "confidence": confidence, "valid": valid, "guidance_label": guide}
    ok = lambda v: v["valid"].to(v["z"].dtype)
    topic.case("self_training", "self_training", {"threshold": 0.8}, lambda v: {"loss": losses.pseudo_ce(v["z"], v["label"], v["confidence"], ok(v), 0.8)}, inputs, grads=["z"])
    topic.case("pixelavg", "pixelavg", {}, lambda v: {"loss": losses.pseudo_ce_image_mean(v["z"], v["label"], v["confidence"], ok(v))}, inputs, grads=["z"])
    topic.case("guidance", "guidance", {}, lambda v: {"loss": losses.guidance_ce(v["z"], v["guidance_label"])}, inputs, grads=["z"])
    topic.case("entropy", "entropy", {"T": 1.0, "eps": 1e-6},
               lambda v: {"loss": losses.entropy((v["S"] + 1e-6).log(), v["valid"].to(v["S"].dtype), 1.0)},
               {"S": g.uniform(0.01, 3, (2, K, h, w)).astype(np.float32), "valid": valid}, grads=["S"])


def guidance_labels(topic: Topic) -> None:
    owner = np.array([0, 0, 1, 2, 2, 2], dtype=np.int32)
    for attempt in range(100):
        g = rng(f"guidance_labels{attempt}")
        inputs = {"dense": draw(g, 2, 6, JOINT), "concepts": draw(g, 6, JOINT), "concept_class": owner}

        def run(v):
            cos = F.normalize(v["dense"], dim=-1) @ F.normalize(v["concepts"], dim=-1).T * 20
            score = torch.stack([cos[..., v["concept_class"] == c].amax(-1) for c in range(3)], 1).reshape(2, 3, 2, 3)
            best = F.interpolate(score, (16, 24), mode="bilinear", align_corners=False).softmax(1).max(1)
            return {"label": best.indices.masked_fill(best.values < 0.85, 255), "max_prob": best.values, "scores": score}

        probability = run({k: torch.tensor(v) for k, v in inputs.items()})["max_prob"]
        if (probability - 0.85).abs().min() > 1e-3:
            break
    topic.case("guidance_labels", "guidance_labels", {"grid": [2, 3], "threshold": 0.85, "scale": 20}, run, inputs, grads=[])


def cutmix(topic: Topic) -> None:
    g = rng("cutmix")
    h, w = 9, 10
    inputs = {"image": draw(g, 4, 3, h, w), "label": g.integers(0, K, (4, h, w)).astype(np.int32), "confidence": g.random((4, h, w)).astype(np.float32),
              "pad": np.where(g.random((4, h, w)) < 0.1, 254, 0).astype(np.float32), "boxes": np.array([[1, 2, 4, 5], [0, 0, 0, 0], [3, 0, 6, 3], [0, 5, 2, 5]], dtype=np.int32)}
    e = topic.entry("cutmix", "cutmix", {})
    for n, v in inputs.items():
        e.add(n, "input", v)
    for n in ("image", "label", "confidence", "pad"):
        out = inputs[n].copy()
        for i, (y, x, bh, bw) in enumerate(inputs["boxes"]):
            out[i, ..., y:y + bh, x:x + bw] = inputs[n][3 - i, ..., y:y + bh, x:x + bw]
        e.add(n + "_out", "output", out, {"exact": True})
    e.close()


def totals(topic: Topic) -> None:
    close = {"float64": {"atol": 1e-12, "rtol": 1e-9}}
    rows = []
    for k in (5, 30, 254):
        present, p, m = 0.9, 0.03, 0.15
        s = np.full(k, LEVELS * p * m)
        s[0] = LEVELS * present
        squared = (s + 1e-6) ** 2
        rows.append([k, p, m, s.max() / s.sum(), squared.max() / squared.sum()])
    e = topic.entry("confidence_table", "confidence_table", {"L": LEVELS, "present_score": 0.9})
    e.floats("table", "output", np.array(rows), None)
    e.close()
    terms = ["L_x", "l_s1", "l_s2", "l_fp", "g_s1", "g_s2", "g_fp", "H", "L_topo", "L_anchor", "L_mask", "L_pt", "L_qt", "L_gate"]
    progress = [0.0, 0.07, 0.25, 0.8]
    table = []
    for t in progress:
        lam = 0.1 * (1 - t)
        table.append([0.5, 0.125, 0.125, 0.25, 0.25 * lam, 0.25 * lam, 0.5 * lam, 0.01 * min(1, t / 0.1), 0.05, 0.05, 0.5, 0.1, 0.05, 0.1])
    e = topic.entry("total_weights", "total_weights", {"terms": terms, "progress": progress})
    e.add("coefficients", "output", np.array(table), close)
    e.close()
    e = topic.entry("total_weights_options", "total_weights_options", {})
    for n, v in (("vl_nesting.L_pt", 0.1), ("vl_nesting.L_mask", 0.1 * 0.5), ("gate_literal.L_gate", 0.0)):
        e.add(n, "output", np.float64(v), close)
    e.close()
