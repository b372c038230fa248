"""Topic mask2former: modules of transformers' Mask2Former with small random parameters."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call
from transformers import Mask2FormerConfig
from transformers.models.mask2former import modeling_mask2former as m2f

from fixture import Topic, draw, group_norms, rng, weights

SHAPES = [(2, 2), (3, 4), (6, 8)]
TOKENS = sum(h * w for h, w in SHAPES)


def shapes_of(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {n: tuple(p.shape) for n, p in module.named_parameters()}


def call(module, t: dict, *args, **kwargs):
    """The module with the case's parameters."""
    module.eval()
    own = {n[6:]: v for n, v in t.items() if n.startswith("param.")}
    return functional_call(module, own, args, kwargs)


def references(batch: int) -> torch.Tensor:
    """Cell centres (B,N,3,2), the same for all levels."""
    points = [
        torch.stack(torch.meshgrid((torch.arange(h) + 0.5) / h, (torch.arange(w) + 0.5) / w, indexing="ij")[::-1], -1).reshape(-1, 2)
        for h, w in SHAPES
    ]
    return torch.cat(points).to(torch.get_default_dtype())[None, :, None].expand(batch, -1, 3, 2)


def write(topic: Topic) -> None:
    deformable(topic)
    for case, h, w, features in (("sine_wide", 3, 7, 6), ("sine_high", 5, 2, 10)):
        sine = m2f.Mask2FormerSinePositionEmbedding(features, normalize=True)
        topic.case(
            case,
            "sine_position",
            {"h": h, "w": w, "features": features},
            lambda t, s=sine, h=h, w=w: {
                "pos": s.build_sine_position_embedding.__wrapped__(
                    torch.Size((1, 1, h, w)), "cpu", torch.get_default_dtype(), s.num_position_features, True, 2 * math.pi, 10000, None
                )
            },
            {"dummy": np.zeros(1, np.float32)},
            grads=[],
        )
    encoder_layer(topic)
    pixel_decoder(topic)
    decoder_layer(topic)
    decoder(topic)
    points(topic)


def deformable(topic: Topic) -> None:
    heads, n_points, width = 2, 4, 8
    g = rng("msda")
    w = g.random((2, 5, heads, 3, n_points)).astype(np.float32) + 0.05
    inputs = {
        "value": draw(g, 2, TOKENS, heads, 4),
        "locations": g.uniform(-0.2, 1.2, (2, 5, heads, 3, n_points, 2)).astype(np.float32),
        "weights": w,
    }
    topic.case(
        "msda_core",
        "msda_core",
        {"shapes_hw": SHAPES},
        lambda t: {"y": m2f.multi_scale_deformable_attention(t["value"], SHAPES, t["locations"], t["weights"])},
        inputs,
        cot=["y"],
    )
    module = m2f.Mask2FormerPixelDecoderEncoderMultiscaleDeformableAttention(width, heads, 3, n_points)
    p = weights(g, shapes_of(module))
    p["sampling_offsets.bias"] = draw(g, *p["sampling_offsets.bias"].shape, scale=1.5)

    def run(t):
        ref = references(2)
        y, a = call(
            module,
            t,
            hidden_states=t["x"],
            encoder_hidden_states=t["x"],
            position_embeddings=t["pos"],
            reference_points=ref,
            spatial_shapes_list=SHAPES,
        )
        return {"y": y, "attention": a, "reference_points": ref.clone()}

    topic.case(
        "msda_module",
        "msda_module",
        {"shapes_hw": SHAPES, "heads": heads, "points": n_points},
        run,
        {"x": draw(g, 2, TOKENS, width), "pos": draw(g, 2, TOKENS, width)},
        p,
        cot=["y", "attention"],
    )
    initial = initial_offsets(8, 3, 4)
    e = topic.entry("msda_init", "msda_init", {"heads": 8, "levels": 3, "points": 4})
    e.add("sampling_offsets.bias", "output", initial, {"float32": {"atol": 1e-6, "rtol": 1e-5}})
    for n in ("sampling_offsets.weight_abs_max", "attention_weights.abs_max"):
        e.add(n, "output", np.float32(0), {"float32": {"atol": 0, "rtol": 0}})
    e.close()


def initial_offsets(heads: int, levels: int, n_points: int) -> np.ndarray:
    """Directions of the heads, of largest component 1, times the number of the point."""
    a = np.arange(heads) * 2 * np.pi / heads
    d = np.stack([np.cos(a), np.sin(a)], -1)
    d = d / np.abs(d).max(-1, keepdims=True)
    return (d[:, None, None] * np.arange(1, n_points + 1)[None, None, :, None] * np.ones((1, levels, 1, 1))).reshape(-1).astype(np.float32)


def config(width: int, heads: int, ffn: int, layers: int = 1) -> Mask2FormerConfig:
    return Mask2FormerConfig(
        feature_size=width,
        mask_feature_size=width,
        hidden_dim=width,
        num_attention_heads=heads,
        encoder_feedforward_dim=ffn,
        dim_feedforward=ffn,
        encoder_layers=layers,
        decoder_layers=layers + 1,
        dropout=0.0,
        pre_norm=False,
    )


def encoder_layer(topic: Topic) -> None:
    width, heads = 8, 2
    g = rng("encoder_layer")
    layer = m2f.Mask2FormerPixelDecoderEncoderLayer(config(width, heads, 12))
    p = weights(g, shapes_of(layer))
    p["self_attn.sampling_offsets.bias"] = draw(g, *p["self_attn.sampling_offsets.bias"].shape, scale=1.5)
    topic.case(
        "encoder_layer",
        "pixel_encoder_layer",
        {"shapes_hw": SHAPES, "heads": heads, "points": 4},
        lambda t: {
            "y": call(layer, t, t["x"], None, position_embeddings=t["pos"], reference_points=references(1), spatial_shapes_list=SHAPES)[0]
        },
        {"x": draw(g, 1, TOKENS, width), "pos": draw(g, 1, TOKENS, width)},
        p,
        cot=["y"],
    )


def pixel_decoder(topic: Topic) -> None:
    width, heads, groups = 8, 2, 4
    g = rng("pixel_decoder")
    with group_norms(groups):
        module = m2f.Mask2FormerPixelDecoder(config(width, heads, 12), [3, 4, 5, 6])
    names = ("mask_features", "memory_s32", "memory_s16", "memory_s8")
    p = weights(g, shapes_of(module))
    n = "encoder.layers.0.self_attn.sampling_offsets.bias"
    p[n] = draw(g, *p[n].shape, scale=1.5)

    def run(t):
        out = call(module, t, [t["f1"], t["f2"], t["f3"], t["f4"]], output_attentions=False, output_hidden_states=False, return_dict=True)
        return dict(zip(names, (out.mask_features, *out.multi_scale_features)))

    inputs = {f"f{i + 1}": draw(g, 1, 3 + i, 16 >> i, 8 >> i) for i in range(4)}
    topic.case(
        "pixel_decoder", "pixel_decoder", {"heads": heads, "layers": 1, "points": 4, "group_norm_groups": groups}, run, inputs, p, cot=names
    )


def decoder_layer(topic: Topic) -> None:
    width, heads, queries, memory = 8, 2, 5, 9
    g = rng("decoder_layer")
    layer = m2f.Mask2FormerMaskedAttentionDecoderLayer(config(width, heads, 12))
    blocked = (g.random((2 * heads, queries, memory)) < 0.4).astype(np.int32)
    blocked[:, :, 0] = 0

    def run(t):
        y, a, _ = call(
            layer,
            t,
            t["q"].transpose(0, 1),
            0,
            None,
            [t["pos"].transpose(0, 1)],
            t["qpos"].transpose(0, 1),
            [t["mem"].transpose(0, 1)],
            encoder_attention_mask=t["blocked"].bool(),
            output_attentions=True,
        )
        return {"y": y.transpose(0, 1), "self_attention": a}

    inputs = {
        "q": draw(g, 2, queries, width),
        "qpos": draw(g, 2, queries, width),
        "mem": draw(g, 2, memory, width),
        "pos": draw(g, 2, memory, width),
        "blocked": blocked,
    }
    topic.case(
        "decoder_layer", "masked_decoder_layer", {"heads": heads}, run, inputs, weights(g, shapes_of(layer)), cot=["y", "self_attention"]
    )


def decoder(topic: Topic) -> None:
    width, heads, queries, layers = 8, 2, 5, 3
    sizes = [(2, 2), (4, 3), (8, 6)]
    for attempt in range(100):
        g = rng(f"decoder{attempt}")
        module = m2f.Mask2FormerMaskedAttentionDecoder(config(width, heads, 12, layers))
        p = weights(g, shapes_of(module))
        inputs = {"q": draw(g, 2, queries, width), "qpos": draw(g, 2, queries, width), "pixel": draw(g, 2, width, 16, 12)}
        for i, (h, w) in enumerate(sizes):
            inputs |= {f"mem{i}": draw(g, 2, h * w, width), f"pos{i}": draw(g, 2, h * w, width)}

        def run(t):
            flip = lambda n: t[n].transpose(0, 1)
            out = call(
                module,
                t,
                flip("q"),
                [flip(f"pos{i}") for i in range(3)],
                t["pixel"],
                [flip(f"mem{i}") for i in range(3)],
                flip("qpos"),
                sizes,
                output_attentions=False,
                output_hidden_states=False,
                return_dict=True,
            )
            found = {}
            for i, (n, m) in enumerate(zip(out.intermediate_hidden_states, out.masks_queries_logits)):
                found |= {f"normed_hidden_{i}": n.transpose(0, 1), f"mask_logits_{i}": m}
            return found | {"last_hidden": out.last_hidden_state}

        torch.set_default_dtype(torch.float64)
        t = {k: torch.tensor(v, dtype=torch.float64) for k, v in inputs.items()} | {
            "param." + k: torch.tensor(v, dtype=torch.float64) for k, v in p.items()
        }
        with torch.no_grad():
            out = run(t)
        resized = [F.interpolate(out[f"mask_logits_{i}"], sizes[i % 3], mode="bilinear").abs().min() for i in range(layers)]
        if min(resized) > 2e-3:
            break
    else:
        raise RuntimeError("no seed keeps mask logits away from 0")
    cot = [f"{n}_{i}" for n in ("normed_hidden", "mask_logits") for i in range(layers + 1)]
    topic.case(
        "masked_decoder",
        "masked_decoder",
        {"heads": heads, "layers": layers, "levels_hw": sizes},
        run,
        inputs,
        p,
        cot=cot + ["last_hidden"],
    )


def points(topic: Topic) -> None:
    g = rng("points")
    topic.case(
        "point_sampling",
        "point_sample",
        {},
        lambda t: {"y": m2f.sample_point(t["x"], t["points"], align_corners=False)},
        {"x": draw(g, 3, 2, 7, 5), "points": g.random((3, 11, 2)).astype(np.float32)},
        cot=["y"],
    )
    target = (g.random((4, 18)) < 0.5).astype(np.float32)
    topic.case(
        "dense_bce_dice",
        "mask_bce_dice",
        {"num_masks": 3},
        lambda t: {"bce": m2f.sigmoid_cross_entropy_loss(t["logits"], t["target"], 3), "dice": m2f.dice_loss(t["logits"], t["target"], 3)},
        {"logits": draw(g, 4, 18, scale=2), "target": target},
        grads=["logits"],
    )

    def semantic(t):
        s = torch.einsum("bqc,bqhw->bchw", t["class_logits"].softmax(-1)[..., :-1], t["mask_logits"].sigmoid())
        full = F.interpolate(s, (19, 26), mode="bilinear", align_corners=False)
        return {"scores": s, "scores_resized": full, "labels": full.argmax(1)}

    topic.case(
        "semantic_inference",
        "semantic_inference",
        {},
        semantic,
        {"class_logits": draw(g, 1, 6, 4, scale=2), "mask_logits": draw(g, 1, 6, 5, 7, scale=2)},
        cot=["scores", "scores_resized"],
    )
    set_loss(topic)


def set_loss(topic: Topic) -> None:
    """Mask2Former's criterion with given points: three quarters of them the least certain of three times as many candidates."""
    count, hard, classes = 20, 15, 3
    rows = np.array([[0, 1], [0, 4], [1, 0], [1, 5]], dtype=np.int32)
    matched = np.array([2, 0, 1, 1], dtype=np.int32)
    for attempt in range(100):
        g = rng(f"set_loss_points{attempt}")
        inputs = {
            "mask_logits": draw(g, 2, 6, 9, 7, scale=2),
            "class_logits": draw(g, 2, 6, classes + 1),
            "candidates": g.random((4, 3 * count, 2)).astype(np.float32),
            "random_points": g.random((4, count - hard, 2)).astype(np.float32),
            "matched_image_row": rows,
            "matched_class": matched,
            "target_masks": (g.random((4, 18, 14)) < 0.4).astype(np.uint8),
        }
        z = m2f.sample_point(
            torch.tensor(inputs["mask_logits"][rows[:, 0], rows[:, 1]])[:, None], torch.tensor(inputs["candidates"]), align_corners=False
        )
        order = z[:, 0].abs().sort(-1).values
        if (order[:, hard] - order[:, hard - 1]).min() > 1e-3:
            break

    def run(t):
        z = t["mask_logits"][t["matched_image_row"][:, 0], t["matched_image_row"][:, 1]][:, None]
        with torch.no_grad():
            u = m2f.sample_point(z, t["candidates"], align_corners=False)[:, 0].abs()
            top = u.argsort(-1)[:, :hard]
            chosen = torch.cat([t["candidates"].gather(1, top[..., None].expand(-1, -1, 2)), t["random_points"]], 1)
            y = m2f.sample_point(t["target_masks"].to(z.dtype)[:, None], chosen, align_corners=False)[:, 0]
        z = m2f.sample_point(z, chosen, align_corners=False)[:, 0]
        rows = torch.full(t["class_logits"].shape[:2], classes)
        rows[t["matched_image_row"][:, 0], t["matched_image_row"][:, 1]] = t["matched_class"]
        weight = torch.tensor([1.0] * classes + [0.1])
        return {
            "loss_mask": m2f.sigmoid_cross_entropy_loss(z, y, 4),
            "loss_dice": m2f.dice_loss(z, y, 4),
            "loss_class": F.cross_entropy(t["class_logits"].flatten(0, 1), rows.flatten(), weight),
            "chosen_points": chosen,
        }

    topic.case(
        "point_losses",
        "set_loss_points",
        {"num_points": count, "oversample": 3, "importance": 0.75, "num_important": hard, "no_object_weight": 0.1},
        run,
        inputs,
        grads=["mask_logits", "class_logits"],
    )
