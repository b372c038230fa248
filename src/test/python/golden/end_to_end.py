"""Topic end_to_end: parameters, inputs, intermediates, every loss and gradients of one training step of a tiny network."""

from __future__ import annotations

import numpy as np
import torch

import matching
import network
import set_terms
from fixture import Topic, draw, rng
from network import CONFIG

GRADIENTS = (
    "text_prompt",
    "image_encoder.prompt",
    "image_encoder.class_embedding",
    "image_encoder.proj",
    "image_encoder.transformer.resblocks.1.ln_1.weight",
    "pyramid.up8.bias",
    "hsqg.scale",
    "hsqg.gate_w",
    "hsqg.gate_b",
    "hsqg.mlp.0.2.weight",
    "pixel_decoder.text_pos",
    "pixel_decoder.layers.0.self_attn.sampling_offsets.bias",
    "pixel_decoder.layers.1.text_attn.in_proj_bias",
    "pixel_decoder.layers.0.cmsam.W_Q.weight",
    "pixel_decoder.layers.1.cmsam.W_V.weight",
    "query_decoder.visual_queries",
    "query_decoder.layers.2.cross_attn.in_proj_bias",
    "query_decoder.class_head.weight",
    "query_decoder.mask_head.1.weight",
    "phi_query.2.weight",
    "phi_text.0.weight",
)


def draws(seed: int) -> dict[str, np.ndarray]:
    """Images, labels and every random choice of the step."""
    c = CONFIG
    g = rng(f"step{seed}")
    h, w = c["image"]
    labels = np.stack([matching.blobs(g, h, c["K"], 6) for _ in range(2)])
    labels[0, :, :5] = 255
    pad = np.zeros((2, h, w), dtype=np.int32)
    pad[1, 50:] = 254
    colours = g.normal(0, 1, (2, c["K"] + 1, 3))
    image = np.stack([colours[b][np.minimum(labels[b], c["K"])].transpose(2, 0, 1) for b in range(2)]) + g.normal(0, 0.3, (2, 3, h, w))
    # photos of whole numbers, so that a value takes one byte
    photo = lambda x: np.round(3 + 2 * x).clip(0, 9).astype(np.float32)
    weak = g.normal(0, 0.7, (2, 3, h // 8, w // 8)).repeat(8, 2).repeat(8, 3) + g.normal(0, 0.3, (2, 3, h, w))
    inputs = {
        "labelled.image": photo(image),
        "labelled.label": labels,
        "labelled.use_gt_gate": np.array([1, 0], dtype=np.int32),
        "labelled.masked_class": np.array([int(np.unique(x[(x > 0) & (x < c["K"])])[-1]) for x in labels], dtype=np.int32),
        "unlabelled.weak": photo(weak),
        "unlabelled.strong1": photo(weak * 0.7 + 0.2),
        "unlabelled.strong2": photo(weak[:, ::-1] * 1.2 - 0.1),
        "unlabelled.pad": pad,
        "unlabelled.boxes1": np.array([[8, 12, 30, 25], [0, 0, 0, 0]], dtype=np.int32),
        "unlabelled.boxes2": np.array([[0, 30, 22, 34], [33, 5, 20, 18]], dtype=np.int32),
    }
    for name, tokens in (("name", 2), ("template", 5)):
        ids = np.zeros((c["K"], tokens + 2), dtype=np.int32)
        for k in range(c["K"]):
            n = tokens - k % 2
            ids[k, : n + 2] = [c["vocab"] - 2, *g.integers(1, c["vocab"] - 2, n), c["vocab"] - 1]
        inputs[f"text.{name}_ids"] = ids
    inputs |= {
        "text.concepts": draw(g, 1, c["C"]) + draw(g, 6, c["C"], scale=0.06),
        "text.concept_class": np.array([0, 1, 1, 2, 3, 3], dtype=np.int32),
    }
    for k in range(1, 5):
        inputs[f"unlabelled.dropout_keep{k}"] = (g.random((2, c["Wv"])) < 0.5).astype(np.int32)
    targets = set_targets(labels)
    n = len(targets.matched)
    inputs["labelled.candidates"] = g.random((c["n_dec"] + 1, n, 3 * c["num_points"], 2)).astype(np.float32)
    inputs["labelled.random_points"] = g.random((c["n_dec"] + 1, n, c["num_points"] // 4, 2)).astype(np.float32)
    return inputs


def set_targets(labels: np.ndarray) -> set_terms.SetTargets:
    return set_terms.SetTargets(labels, CONFIG["K"], CONFIG["L"], CONFIG["M"], CONFIG["slot_classes"], CONFIG["slot_min_cells"])


def step(parameters: dict, inputs: dict, dtype) -> network.Step:
    torch.set_default_dtype(dtype)
    t = {k: torch.tensor(v, dtype=dtype) for k, v in parameters.items()}
    for k, v in t.items():
        v.requires_grad_(not k.startswith(("text_encoder.", "frozen_image_encoder.")))
    i = {k: torch.tensor(v, dtype=dtype if v.dtype == np.float32 else torch.long) for k, v in inputs.items()}
    s = network.Step(network.Network(t), i, set_targets(inputs["labelled.label"]))
    s.beliefs()
    return s


def widest_gap(values: torch.Tensor, low: float, high: float) -> tuple[float, float]:
    """A threshold in the widest gap between two bounds, and its distance to the nearest value; 0 if it would decide next to nothing."""
    v = values.flatten().sort().values
    part = v[(v >= low) & (v <= high)]
    if len(part) < 2:
        return high, 0.0
    best = int((part[1:] - part[:-1]).argmax())
    middle = float(np.float32((part[best] + part[best + 1]) / 2))
    share = float((v >= middle).double().mean())
    return middle, float((v - middle).abs().min()) if 0.06 < share < 0.94 else 0.0


def search() -> tuple[dict, dict, float, float, network.Step]:
    for seed in range(300):
        parameters, inputs = network.parameters(seed), draws(seed)
        with torch.no_grad():
            s = step(parameters, inputs, torch.float64)
            hard = int(CONFIG["importance"] * CONFIG["num_points"])
            top = min(set_terms.boundary(m, s.targets, s.i["labelled.candidates"][d], hard) for d, m in enumerate(s.a.masks))
            threshold, near = widest_gap(s.confidence[s.valid], 0.45, 0.97)
            guide, near_guide = widest_gap(s.guide_probability[s.valid], 0.5, 0.98)
            if min(near, near_guide) < 1.5e-4 or top < 1e-4 or min(s.a.margin, s.weak.margin) < 3e-4:
                continue
            s.run(threshold, guide)
            if min(x.margin for x in (s.strong[0][1], s.strong[1][1], s.fp[1])) < 3e-4:
                continue
        print(f"end_to_end: seed {seed}, distances {near:.1e} {near_guide:.1e} {top:.1e}")
        return parameters, inputs, threshold, guide, s
    raise RuntimeError("no seed keeps every decision away from its threshold")


def coefficients() -> dict[str, float]:
    t = CONFIG["progress_t"]
    lam, ramp = 0.1 * (1 - t), min(1, t / 0.1)
    found = {"L_x": 0.5, "L_qt": 0.05, "L_gate": 0.1}
    for v in ("s1", "s2"):
        found |= {"l_" + v: 0.125, "g_" + v: 0.25 * lam, "H_" + v: 0.01 * ramp / 2}
    return found | {"l_fp": 0.25, "g_fp": 0.5 * lam, "L_mask": 0.5, "L_pt": 0.1, "L_topo": 0.05, "L_anchor": 0.05}


def outputs(s: network.Step) -> dict[str, dict[str, torch.Tensor]]:
    a, e = s.a, s.a_features
    labelled = {
        "v": e.v,
        "dense": e.dense,
        "gate.s": a.s,
        "gate.sim": e.v @ s.text.T,
        "gate.logit": a.logit,
        "gate.active": a.active.long(),
        "gate.factor": a.s,
        "q_text": a.q,
        "S": a.S,
        "F_pixel": a.feature,
        "normed_last": a.last,
        "z_every4": a.z[:, :, ::4, ::4],
    }
    for i, (tap, m) in enumerate(zip(e.taps, e.maps)):
        labelled |= {f"tap{i}": tap, f"F{i + 1}": m}
    labelled |= {f"q_after_layer{i}": q for i, q in enumerate(a.states)} | {
        f"cmsam_alpha.layer0.level{i}": x for i, x in enumerate(a.alpha)
    }
    for n, m, (h, w) in zip(network.LEVEL_NAMES, a.memory, a.sizes):
        labelled["memory." + n] = m.transpose(1, 2).reshape(2, -1, h, w)
    for i, (c, m) in enumerate(zip(a.classes, a.masks)):
        labelled |= {f"pred{i}.class_logits": c, f"pred{i}.mask_logits": m}
    unlabelled = {
        "weak.confidence": s.confidence,
        "weak.label": s.label,
        "weak.guidance_label": s.guide,
        "weak.guidance_scores": s.guide_scores,
    }
    for n, (f, out) in (("weak", (s.weak_features, s.weak)), ("strong1", s.strong[0]), ("strong2", s.strong[1]), ("fp", s.fp)):
        unlabelled |= {n + ".v": f.v, n + ".gate.s": out.s, n + ".S": out.S}
    resets = sum(x.reset for x in (a, s.weak, s.strong[0][1], s.strong[1][1], s.fp[1]))
    unlabelled |= {
        "masked.selected": s.selected.long(),
        "masked.x_mask": s.x_mask,
        "masked.x_ref": s.x_ref,
        "reset_rows": torch.tensor(resets),
    }
    return {
        "forward_text": {"text.t": s.raw, "text.t_clip": s.proto},
        "forward_labelled": {"labelled." + n: v for n, v in labelled.items()},
        "forward_unlabelled": unlabelled,
    }


def whole(s: network.Step) -> dict[str, torch.Tensor]:
    """All loss terms and their weighted sum."""
    found = dict(s.losses)
    found["H"] = (found["H_s1"] + found["H_s2"]) / 2
    return found | {"total": sum(c * found[n] for n, c in coefficients().items())}


def write(topic: Topic) -> None:
    parameters, inputs, threshold, guide, _ = search()
    config = {**CONFIG, "confidence_threshold": threshold, "guidance_threshold": guide, "coefficients": coefficients()}
    runs = []
    for dtype in (torch.float64, torch.float32):
        s = step(parameters, inputs, dtype)
        s.run(threshold, guide)
        found = whole(s)
        found["total"].backward()
        runs.append((s, found))
    double, single = runs
    w = topic.entry("params", "parameters", config)
    for n, v in parameters.items():
        w.add(n, "param", v)
    w.close()
    w = topic.entry("inputs", "inputs", {})
    for n, v in inputs.items():
        w.add(n, "input", v)
    w.add("labelled.matched", "output", double[0].targets.matched, {"exact": True})
    w.add("labelled.row_class", "output", double[0].targets.row_class, {"exact": True})
    w.close()
    forward(topic, outputs(double[0]), outputs(single[0]))
    w = topic.entry("losses", "losses", {"coefficients": coefficients()})
    for n, v in double[1].items():
        w.floats(n, "output", v.detach().numpy(), single[1][n].detach().numpy(), 1e-9)
    w.close()
    gradients(topic, *(r[0].net.t for r in runs))


def forward(topic: Topic, double: dict, single: dict) -> None:
    for case, tensors in double.items():
        w = topic.entry(case, "intermediates", {})
        for n, v in tensors.items():
            if v.dtype.is_floating_point:
                w.floats(n, "output", v.detach().numpy(), single[case][n].detach().numpy(), 1e-9)
            else:
                w.add(n, "output", v.numpy().astype(np.int32), {"exact": True})
        w.close()


def gradients(topic: Topic, double: dict, single: dict) -> None:
    w = topic.entry("gradients", "gradients", {})
    trained = [n for n, v in double.items() if v.requires_grad]
    norm = [np.sqrt(sum((t[n].grad.double() ** 2).sum().item() for n in trained)) for t in (double, single)]
    w.floats("global_norm", "output", np.array(norm[0]), np.array(norm[1]), 1e-9)
    for n in trained:
        w.add(
            "norm." + n,
            "gradient",
            np.float64(double[n].grad.norm()),
            {"float32": {"rtol": 1e-3, "atol": 1e-6}, "float64": {"rtol": 1e-7, "atol": 1e-12}},
        )
    for n in GRADIENTS:
        v, other = double[n].grad.numpy(), single[n].grad.numpy()
        largest, error = float(np.abs(v).max()), float(np.abs(v - other).max())
        tol = {
            "float32": {"rtol": 1e-3, "atol": float(f"{max(1e-6 * largest, 10 * error):.2g}")},
            "float64": {"rtol": 1e-6, "atol": float(f"{max(1e-12, 1e-8 * largest):.2g}")},
        }
        w.add("grad." + n, "gradient", v, tol)
    w.close()
