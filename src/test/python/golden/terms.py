"""Topic hiervl, losses with their targets: the peer's where it has the reading, else a statement of the formula."""

from __future__ import annotations

import types

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call

import matching
from fixture import Topic, draw, rng, weights
from names import linear_shapes

K, LEVELS, JOINT = 4, 3, 6


def unit(x: np.ndarray) -> np.ndarray:
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype(np.float32)


def write(topic: Topic) -> None:
    prompts(topic)
    query_text(topic)
    masked(topic)
    pixels(topic)
    guidance_labels(topic)
    cutmix(topic)
    totals(topic)


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
            topic.case(
                f"topo_k{k}_{'literal' if factor == 1 else 'rescaled'}",
                "topo_loss",
                {"rescale": rescale},
                lambda v, f=factor: topology(v, f),
                inputs,
                grads=["t"],
            )
        grads = ["t"] + ["param." + n for n in p]
        norm = lambda v: (F.normalize(v["t"], dim=-1), F.normalize(v["t_clip"], dim=-1))
        topic.case(
            f"anchor_k{k}_default",
            "anchor_loss",
            {"lambda_rep": 0.1, "power": 1, "literal": False, "eps": 1e-8, "rescale": "21/K"},
            lambda v: {"loss": losses.prompt_loss(*norm(v), phi(v), 0.1)[1]},
            inputs,
            p,
            grads=grads,
        )

        def other(v, k=k, literal=False):
            x, anchor = norm(v)
            f = (
                phi(v)(x)
                if not literal
                else F.relu(x @ v["param.phi.0.weight"].T + v["param.phi.0.bias"]) @ v["param.phi.2.weight"].T + v["param.phi.2.bias"]
            )
            apart = torch.log1p(distance(f[:, None] - f[None], 1e-12)) * (1 - torch.eye(k))
            if literal:
                return {"loss": (distance(f - anchor, 1e-12) - 0.3 * apart.sum(1)).sum()}
            return {"loss": 21 / k * (((f - anchor) ** 2).sum(-1) + 1e-12 - 0.3 * apart.sum(1) / (k - 1)).sum()}

        topic.case(
            f"anchor_k{k}_power2",
            "anchor_loss",
            {"lambda_rep": 0.3, "power": 2, "literal": False, "eps": 1e-12, "rescale": "21/K"},
            other,
            inputs,
            p,
            grads=grads,
        )
        topic.case(
            f"anchor_k{k}_literal",
            "anchor_loss",
            {"lambda_rep": 0.3, "power": 1, "literal": True, "eps": 1e-12, "rescale": "none"},
            lambda v, o=other: o(v, literal=True),
            inputs,
            p,
            grads=grads,
        )


def query_text(topic: Topic) -> None:
    from hiervl_torch import losses

    g = rng("query_text")
    width, queries = 8, 7
    rows = np.array([[0, 0], [0, 3], [1, 1], [1, 6]], dtype=np.int32)
    classes = np.array([0, 3, 1, 2], dtype=np.int32)
    p = weights(g, {**linear_shapes("phi.0", width, JOINT), **linear_shapes("phi.2", JOINT, JOINT)})
    inputs = {
        "normed": draw(g, 2, queries, width),
        "class_logits": draw(g, 2, queries, K + 1, scale=2),
        "t": unit(draw(g, K, JOINT)),
        "rows": rows,
        "class": classes,
    }

    def phi(v):
        return lambda x: F.linear(
            F.relu(F.linear(x, v["param.phi.0.weight"], v["param.phi.0.bias"])), v["param.phi.2.weight"], v["param.phi.2.bias"]
        )

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

    topic.case(
        "mask_geometry",
        "masked_patches",
        {"patch": 16},
        geometry,
        {"labels": labels, "class": chosen, "image": draw(g, 2, 3, 32, 32)},
        grads=[],
    )
    n = 9
    selected = (g.random((2, n)) < 0.4).astype(np.int32)
    selected[:, 0] = 1

    def both(v):
        on = v["selected"].bool()
        x, ref, t = (F.normalize(v[name], dim=-1) for name in ("x_mask", "x_ref", "t"))
        classes = v["class"][:, None].expand(-1, n)[on]
        return {"loss_mask": (1 - (x[on] * ref[on]).sum(-1)).mean(), "loss_pt": F.cross_entropy(x[on] @ t.T / 0.07, classes)}

    topic.case(
        "masked_losses",
        "masked_losses",
        {"tau": 0.07},
        both,
        {
            "x_mask": draw(g, 2, n, JOINT),
            "x_ref": draw(g, 2, n, JOINT),
            "selected": selected,
            "class": np.array([2, 0], dtype=np.int32),
            "t": unit(draw(g, K, JOINT)),
        },
        grads=["x_mask", "t"],
    )
    present = np.array([[1, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1]], dtype=np.int32)

    def gate(v):
        per = F.binary_cross_entropy_with_logits(v["logit"], v["present"].to(v["logit"].dtype), reduction="none")
        on = v["present"].bool()
        zero = per.sum() * 0
        return {
            "loss": torch.stack(
                [(p[o].mean() if o.any() else zero) + (p[~o].mean() if (~o).any() else zero) for p, o in zip(per, on)]
            ).mean()
            / 2
        }

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
    inputs = {
        "z": draw(g, 2, K, h, w, scale=2),
        "label": g.integers(0, K, (2, h, w)).astype(np.int32),
        "confidence": confidence,
        "valid": valid,
        "guidance_label": guide,
    }
    ok = lambda v: v["valid"].to(v["z"].dtype)
    topic.case(
        "self_training",
        "self_training",
        {"threshold": 0.8},
        lambda v: {"loss": losses.pseudo_ce(v["z"], v["label"], v["confidence"], ok(v), 0.8)},
        inputs,
        grads=["z"],
    )
    topic.case(
        "pixelavg",
        "pixelavg",
        {},
        lambda v: {"loss": losses.pseudo_ce_image_mean(v["z"], v["label"], v["confidence"], ok(v))},
        inputs,
        grads=["z"],
    )
    topic.case("guidance", "guidance", {}, lambda v: {"loss": losses.guidance_ce(v["z"], v["guidance_label"])}, inputs, grads=["z"])
    topic.case(
        "entropy",
        "entropy",
        {"T": 1.0, "eps": 1e-6},
        lambda v: {"loss": losses.entropy((v["S"] + 1e-6).log(), v["valid"].to(v["S"].dtype), 1.0)},
        {"S": g.uniform(0.01, 3, (2, K, h, w)).astype(np.float32), "valid": valid},
        grads=["S"],
    )


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
    inputs = {
        "image": draw(g, 4, 3, h, w),
        "label": g.integers(0, K, (4, h, w)).astype(np.int32),
        "confidence": g.random((4, h, w)).astype(np.float32),
        "pad": np.where(g.random((4, h, w)) < 0.1, 254, 0).astype(np.float32),
        "boxes": np.array([[1, 2, 4, 5], [0, 0, 0, 0], [3, 0, 6, 3], [0, 5, 2, 5]], dtype=np.int32),
    }
    e = topic.entry("cutmix", "cutmix", {})
    for n, v in inputs.items():
        e.add(n, "input", v)
    for n in ("image", "label", "confidence", "pad"):
        out = inputs[n].copy()
        for i, (y, x, bh, bw) in enumerate(inputs["boxes"]):
            out[i, ..., y : y + bh, x : x + bw] = inputs[n][3 - i, ..., y : y + bh, x : x + bw]
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
