"""Shapes of parameters under this project's names, and the same parameters under the peer's names."""

from __future__ import annotations

import math

import torch

K, LEVELS, WIDTH, HEADS, JOINT, CM = 4, 3, 8, 2, 6, 4


def peer(**other):
    """The peer's module with tables of positions in the working precision, and a configuration."""
    from hiervl_torch import model

    model.sine_positions, model.reference_points = sine_positions, reference_points
    return model, model.Config(
        **{
            **dict(
                classes=K,
                levels=LEVELS,
                dim=WIDTH,
                heads=HEADS,
                joint=JOINT,
                cm_dim=CM,
                enc_ffn=12,
                dec_ffn=12,
                visual_queries=4,
                n_enc=1,
                n_dec=2,
                v_width=16,
            ),
            **other,
        }
    )


def sine_positions(h: int, w: int, dim: int, device=None) -> torch.Tensor:
    """Sine table (h*w, dim), features of y first."""
    half = dim // 2
    frequency = 10000 ** (2 * torch.div(torch.arange(half), 2, rounding_mode="floor").to(torch.get_default_dtype()) / half)

    def side(n: int) -> torch.Tensor:
        a = torch.arange(1, n + 1).to(torch.get_default_dtype())[:, None] / (n + 1e-6) * 2 * math.pi / frequency
        return torch.stack([a[:, 0::2].sin(), a[:, 1::2].cos()], -1).flatten(1)

    return torch.cat([side(h)[:, None].expand(h, w, half), side(w)[None].expand(h, w, half)], -1).reshape(h * w, dim)


def reference_points(h: int, w: int, device=None) -> torch.Tensor:
    """Cell centres (h*w, 2), x first."""
    y, x = torch.meshgrid(
        (torch.arange(h).to(torch.get_default_dtype()) + 0.5) / h, (torch.arange(w).to(torch.get_default_dtype()) + 0.5) / w, indexing="ij"
    )
    return torch.stack([x, y], -1).reshape(h * w, 2)


def attention_shapes(name: str, d: int) -> dict:
    return {
        f"{name}.in_proj_weight": (3 * d, d),
        f"{name}.in_proj_bias": (3 * d,),
        f"{name}.out_proj.weight": (d, d),
        f"{name}.out_proj.bias": (d,),
    }


def norm_shapes(name: str, d: int) -> dict:
    return {f"{name}.weight": (d,), f"{name}.bias": (d,)}


def linear_shapes(name: str, i: int, o: int) -> dict:
    return {f"{name}.weight": (o, i), f"{name}.bias": (o,)}


def layer_shapes(cfg) -> dict:
    """One layer of the pixel decoder."""
    d, n = cfg.dim, cfg.heads * 3 * cfg.points
    return {
        **linear_shapes("self_attn.sampling_offsets", d, 2 * n),
        **linear_shapes("self_attn.attention_weights", d, n),
        **linear_shapes("self_attn.value_proj", d, d),
        **linear_shapes("self_attn.output_proj", d, d),
        **norm_shapes("norm1", d),
        **attention_shapes("text_attn", d),
        **norm_shapes("norm2", d),
        **linear_shapes("fc1", d, cfg.enc_ffn),
        **linear_shapes("fc2", cfg.enc_ffn, d),
        **norm_shapes("norm3", d),
        "cmsam.W_Q.weight": (cfg.cm_dim, d),
        "cmsam.W_K.weight": (cfg.cm_dim, d),
        "cmsam.W_V.weight": (d, d),
        **norm_shapes("cmsam.ln_q", d),
        **norm_shapes("cmsam.ln_x", d),
    }


def attention_names(t: dict, at: str, to: str) -> dict:
    found = {f"{to}o.{kind}": t[f"{at}out_proj.{kind}"] for kind in ("weight", "bias")}
    for kind in ("weight", "bias"):
        found |= {f"{to}{n}.{kind}": part for n, part in zip("qkv", t[f"{at}in_proj_{kind}"].chunk(3))}
    return found


def renamed(t: dict, at: str, to: str, names: dict[str, str]) -> dict:
    """Weight and bias of modules under other names."""
    return {
        f"{to}{theirs}.{kind}": t[f"{at}{ours}.{kind}"]
        for ours, theirs in names.items()
        for kind in ("weight", "bias")
        if f"{at}{ours}.{kind}" in t
    }


def layer_names(t: dict, at: str, to: str = "") -> dict:
    return {
        **attention_names(t, at + "text_attn.", to + "text_attn."),
        **renamed(
            t,
            at,
            to,
            {
                "self_attn.sampling_offsets": "deform.offsets",
                "self_attn.attention_weights": "deform.weights",
                "self_attn.value_proj": "deform.value",
                "self_attn.output_proj": "deform.out",
                "norm1": "n1",
                "norm2": "n2",
                "norm3": "n3",
                "fc1": "ffn.0",
                "fc2": "ffn.2",
                "cmsam.W_Q": "wq",
                "cmsam.W_K": "wk",
                "cmsam.W_V": "wv",
                "cmsam.ln_q": "nq",
                "cmsam.ln_x": "nx",
            },
        ),
    }


def decoder_shapes(cfg) -> dict:
    d, q = cfg.dim, cfg.levels * cfg.classes + cfg.visual_queries
    shapes = {"visual_queries": (cfg.visual_queries, d), "query_pos": (q, d), "level_embed": (3, d)}
    for i in range(cfg.n_dec):
        at = f"layers.{i}."
        shapes |= {
            **attention_shapes(at + "cross_attn", d),
            **norm_shapes(at + "norm1", d),
            **attention_shapes(at + "self_attn", d),
            **norm_shapes(at + "norm2", d),
            **linear_shapes(at + "fc1", d, cfg.dec_ffn),
            **linear_shapes(at + "fc2", cfg.dec_ffn, d),
            **norm_shapes(at + "norm3", d),
        }
    shapes |= {**norm_shapes("decoder_norm", d), **linear_shapes("class_head", d, cfg.classes + 1)}
    for i in range(3):
        shapes |= linear_shapes(f"mask_head.{i}", d, d)
    return shapes


def decoder_names(t: dict, at: str, layers: int) -> dict:
    found = {
        "visual": t[at + "visual_queries"],
        "qpos": t[at + "query_pos"],
        "level": t[at + "level_embed"],
        **renamed(
            t,
            at,
            "",
            {"decoder_norm": "norm", "class_head": "cls", "mask_head.0": "theta.0", "mask_head.1": "theta.2", "mask_head.2": "theta.4"},
        ),
    }
    for i in range(layers):
        a = f"{at}layers.{i}."
        found |= {
            **attention_names(t, a + "cross_attn.", f"layers.{i}.cross."),
            **attention_names(t, a + "self_attn.", f"layers.{i}.self_attn."),
            **renamed(t, a, f"layers.{i}.", {"norm1": "n1", "norm2": "n2", "norm3": "n3", "fc1": "ffn.0", "fc2": "ffn.2"}),
        }
    return found


def pyramid_shapes(c: int) -> dict:
    shapes = {}
    for i in range(4):
        shapes |= norm_shapes(f"norm.{i}", c)
    for n in ("up4a", "up4b", "up8"):
        shapes |= {f"{n}.weight": (c, c, 2, 2), f"{n}.bias": (c,)}
    return shapes | norm_shapes("up4_norm", c)


PYRAMID = {
    "norm.0": "ops.0.0",
    "up4a": "ops.0.1",
    "up4_norm": "ops.0.2",
    "up4b": "ops.0.4",
    "norm.1": "ops.1.0",
    "up8": "ops.1.1",
    "norm.2": "ops.2",
    "norm.3": "ops.3.0",
}


def hsqg_shapes(cfg) -> dict:
    shapes = {"scale": (), "gate_w": (), "gate_b": ()}
    for i in range(cfg.levels):
        shapes |= {**linear_shapes(f"mlp.{i}.0", cfg.joint, cfg.dim), **linear_shapes(f"mlp.{i}.2", cfg.dim, cfg.dim)}
    return shapes


def hsqg_names(t: dict, at: str, levels: int) -> dict:
    return {
        "scale": t[at + "scale"],
        "w": t[at + "gate_w"],
        "b": t[at + "gate_b"],
        **renamed(t, at, "", {f"mlp.{i}.{n}": f"heads.{i}.{n}" for i in range(levels) for n in (0, 2)}),
    }
