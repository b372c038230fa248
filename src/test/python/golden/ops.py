"""Topic torch_ops: elementary operations of PyTorch, forward and backward."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from fixture import Topic, draw, rng, weights


def write(topic: Topic) -> None:
    norms(topic)
    pointwise(topic)
    maps(topic)
    losses(topic)
    attention(topic)


def norms(topic: Topic) -> None:
    for case, shape in (("layer_norm_tokens", (3, 4, 10)), ("layer_norm_rows", (5, 7))):
        g = rng(case)
        n = shape[-1]
        topic.case(
            case,
            "layer_norm",
            {"eps": 1e-5},
            lambda t: {"y": F.layer_norm(t["x"], (t["x"].shape[-1],), t["weight"], t["bias"], 1e-5)},
            {"x": draw(g, *shape), "weight": draw(g, n), "bias": draw(g, n)},
            cot=["y"],
        )
    for groups, shape in ((1, (2, 6, 3, 5)), (3, (3, 12, 4, 2)), (8, (1, 8, 3, 3))):
        g = rng(f"group_norm{groups}")
        topic.case(
            f"group_norm_{groups}",
            "group_norm",
            {"groups": groups, "eps": 1e-5},
            lambda t, groups=groups: {"y": F.group_norm(t["x"], groups, t["weight"], t["bias"], 1e-5)},
            {"x": draw(g, *shape), "weight": draw(g, shape[1]), "bias": draw(g, shape[1])},
            cot=["y"],
        )


def pointwise(topic: Topic) -> None:
    x = np.concatenate([np.linspace(-6, 6, 25), [0.0, 1e-3, -1e-3, 11, -11]]).astype(np.float32)
    for op, fn in (
        ("gelu_erf", F.gelu),
        ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh")),
        ("quick_gelu", lambda x: x * torch.sigmoid(1.702 * x)),
    ):
        topic.case(op, op, {}, lambda t, fn=fn: {"y": fn(t["x"])}, {"x": x}, cot=["y"])
    g = rng("softmax")
    topic.case("softmax_last", "softmax", {"axis": -1}, lambda t: {"y": t["x"].softmax(-1)}, {"x": draw(g, 2, 5, 6, scale=3)}, cot=["y"])
    topic.case(
        "log_softmax_channel", "log_softmax", {"axis": 1}, lambda t: {"y": t["x"].log_softmax(1)}, {"x": draw(g, 2, 7, 2, 3)}, cot=["y"]
    )
    topic.case(
        "l2_normalize",
        "l2_normalize",
        {"axis": -1, "eps": 1e-12},
        lambda t: {"y": F.normalize(t["x"], dim=-1, eps=1e-12)},
        {"x": draw(g, 4, 3, 9)},
        cot=["y"],
    )
    keep = (rng("keep").random((2, 5)) < 0.5).astype(np.float32)
    topic.case(
        "channel_dropout",
        "channel_dropout",
        {"p": 0.5},
        lambda t: {"y": t["x"] * t["keep"][:, :, None, None] / 0.5},
        {"x": draw(g, 2, 5, 3, 4), "keep": keep},
        cot=["y"],
        grads=["x"],
    )


def maps(topic: Topic) -> None:
    sizes = {
        "up": ((2, 2, 3, 5), (6, 10)),
        "upodd": ((1, 3, 5, 4), (11, 7)),
        "down": ((1, 2, 11, 9), (4, 5)),
        "same": ((1, 2, 3, 4), (3, 4)),
        "mixed": ((2, 1, 4, 8), (7, 3)),
    }
    for name, (shape, size) in sizes.items():
        x = draw(rng("resize" + name), *shape)
        for mode in ("bilinear", "bicubic", "nearest"):
            extra = {} if mode == "nearest" else {"align_corners": False}
            topic.case(
                f"resize_{mode}_{name}",
                "resize",
                {"mode": mode},
                lambda t, m=mode, s=size, e=extra: {"y": F.interpolate(t["x"], s, mode=m, **e)},
                {"x": x},
                cot=["y"],
            )
    g = rng("convolution")
    for k, stride, padding, out in ((1, 1, 0, 4), (3, 1, 1, 4), (8, 8, 0, 5)):
        shape = (1, 2, 16, 24) if k == 8 else (2, 3, 6, 7)
        inputs = {"x": draw(g, *shape), "weight": draw(g, out, shape[1], k, k)}
        if k < 8:
            inputs["bias"] = draw(g, out)
        topic.case(
            f"conv{k}x{k}_s{stride}",
            "conv2d",
            {"stride": stride, "padding": padding},
            lambda t, s=stride, p=padding: {"y": F.conv2d(t["x"], t["weight"], t.get("bias"), s, p)},
            inputs,
            cot=["y"],
        )
    topic.case(
        "conv_transpose2x2_s2",
        "conv_transpose2d",
        {},
        lambda t: {"y": F.conv_transpose2d(t["x"], t["weight"], t["bias"], 2)},
        {"x": draw(g, 2, 3, 4, 2), "weight": draw(g, 3, 6, 2, 2), "bias": draw(g, 6)},
        cot=["y"],
    )
    topic.case("max_pool2x2_s2", "max_pool2d", {}, lambda t: {"y": F.max_pool2d(t["x"], 2, 2)}, {"x": draw(g, 1, 4, 4, 6)}, cot=["y"])
    grid = g.uniform(-1.3, 1.3, (2, 5, 3, 2)).astype(np.float32)
    topic.case(
        "grid_sample",
        "grid_sample",
        {"mode": "bilinear", "padding": "zeros", "align_corners": False},
        lambda t: {"y": F.grid_sample(t["x"], t["grid"], mode="bilinear", padding_mode="zeros", align_corners=False)},
        {"x": draw(g, 2, 3, 4, 6), "grid": grid},
        cot=["y"],
    )


def losses(topic: Topic) -> None:
    g = rng("losses")
    target = g.integers(0, 4, (2, 4, 5)).astype(np.int32)
    target[g.random(target.shape) < 0.2] = 255

    def ignore(t):
        per = F.cross_entropy(t["logits"], t["target"], ignore_index=255, reduction="none")
        return {"loss": per.sum() / (t["target"] != 255).sum(), "per_pixel": per}

    topic.case(
        "cross_entropy_ignore",
        "cross_entropy",
        {"ignore_index": 255},
        ignore,
        {"logits": draw(g, 2, 4, 4, 5, scale=2), "target": target},
        cot=["per_pixel"],
        grads=["logits"],
    )
    w = g.uniform(0.1, 2, 5).astype(np.float32)
    topic.case(
        "cross_entropy_weighted",
        "cross_entropy_weighted",
        {},
        lambda t: {"loss": F.cross_entropy(t["logits"], t["target"], t["weight"])},
        {"logits": draw(g, 9, 5), "target": g.integers(0, 5, 9).astype(np.int32), "weight": w},
        grads=["logits"],
    )
    topic.case(
        "bce_with_logits",
        "bce_with_logits",
        {},
        lambda t: {"y": F.binary_cross_entropy_with_logits(t["x"], t["target"], reduction="none")},
        {"x": draw(g, 21, scale=4), "target": g.random(21).astype(np.float32)},
        cot=["y"],
        grads=["x"],
    )


def attention(topic: Topic) -> None:
    heads, width, batch, queries, keys = 2, 12, 2, 4, 6
    g = rng("mha")
    mask = draw(g, batch * heads, queries, keys)
    mask[g.random(mask.shape) < 0.3] = -1e30
    mask[:, :, 0] = 0
    p = weights(
        g,
        {"in_proj_weight": (3 * width, width), "in_proj_bias": (3 * width,), "out_proj.weight": (width, width), "out_proj.bias": (width,)},
    )

    def run(t):
        y, w = F.multi_head_attention_forward(
            *(t[n].transpose(0, 1) for n in ("query", "key", "value")),
            width,
            heads,
            t["param.in_proj_weight"],
            t["param.in_proj_bias"],
            None,
            None,
            False,
            0.0,
            t["param.out_proj.weight"],
            t["param.out_proj.bias"],
            training=False,
            attn_mask=t["mask"],
            need_weights=True,
            average_attn_weights=False,
        )
        return {"y": y.transpose(0, 1), "weights": w}

    inputs = {
        "query": draw(g, batch, queries, width),
        "key": draw(g, batch, keys, width),
        "value": draw(g, batch, keys, width),
        "mask": mask,
    }
    topic.case(
        "mha_additive_mask",
        "mha",
        {"heads": heads},
        run,
        inputs,
        p,
        cot=["y", "weights"],
        grads=["query", "key", "value"] + ["param." + n for n in p],
    )
