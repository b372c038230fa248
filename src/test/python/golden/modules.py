"""Topic hiervl, the network's modules: the peer's under this project's parameter names, and the printed reading of equation 1."""
from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call

from fixture import Topic, draw, group_norms, rng, weights

K, LEVELS, WIDTH, HEADS, JOINT, CM = 4, 3, 8, 2, 6, 4
SHAPES = [(1, 2), (2, 4), (4, 8)]


def peer(**other):
    """The peer's module with tables of positions in the working precision, and a configuration."""
    from hiervl_torch import model
    model.sine_positions, model.reference_points = sine_positions, reference_points
    return model, model.Config(**{**dict(classes=K, levels=LEVELS, dim=WIDTH, heads=HEADS, joint=JOINT, cm_dim=CM, enc_ffn=12, dec_ffn=12, visual_queries=4, n_enc=1,
                                         n_dec=2, v_width=16), **other})


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
    y, x = torch.meshgrid((torch.arange(h).to(torch.get_default_dtype()) + 0.5) / h, (torch.arange(w).to(torch.get_default_dtype()) + 0.5) / w, indexing="ij")
    return torch.stack([x, y], -1).reshape(h * w, 2)


def attention_shapes(name: str, d: int) -> dict:
    return {f"{name}.in_proj_weight": (3 * d, d), f"{name}.in_proj_bias": (3 * d,), f"{name}.out_proj.weight": (d, d), f"{name}.out_proj.bias": (d,)}


def norm_shapes(name: str, d: int) -> dict:
    return {f"{name}.weight": (d,), f"{name}.bias": (d,)}


def linear_shapes(name: str, i: int, o: int) -> dict:
    return {f"{name}.weight": (o, i), f"{name}.bias": (o,)}


def layer_shapes(cfg) -> dict:
    """One layer of the pixel decoder."""
    d, n = cfg.dim, cfg.heads * 3 * cfg.points
    return {**linear_shapes("self_attn.sampling_offsets", d, 2 * n), **linear_shapes("self_attn.attention_weights", d, n), **linear_shapes("self_attn.value_proj", d, d),
            **linear_shapes("self_attn.output_proj", d, d), **norm_shapes("norm1", d), **attention_shapes("text_attn", d), **norm_shapes("norm2", d),
            **linear_shapes("fc1", d, cfg.enc_ffn), **linear_shapes("fc2", cfg.enc_ffn, d), **norm_shapes("norm3", d), "cmsam.W_Q.weight": (cfg.cm_dim, d),
            "cmsam.W_K.weight": (cfg.cm_dim, d), "cmsam.W_V.weight": (d, d), **norm_shapes("cmsam.ln_q", d), **norm_shapes("cmsam.ln_x", d)}


def attention_names(t: dict, at: str, to: str) -> dict:
    found = {f"{to}o.{kind}": t[f"{at}out_proj.{kind}"] for kind in ("weight", "bias")}
    for kind in ("weight", "bias"):
        found |= {f"{to}{n}.{kind}": part for n, part in zip("qkv", t[f"{at}in_proj_{kind}"].chunk(3))}
    return found


def renamed(t: dict, at: str, to: str, names: dict[str, str]) -> dict:
    """Weight and bias of modules under other names."""
    return {f"{to}{theirs}.{kind}": t[f"{at}{ours}.{kind}"] for ours, theirs in names.items() for kind in ("weight", "bias") if f"{at}{ours}.{kind}" in t}


def layer_names(t: dict, at: str, to: str = "") -> dict:
    return {**attention_names(t, at + "text_attn.", to + "text_attn."),
            **renamed(t, at, to, {"self_attn.sampling_offsets": "deform.offsets", "self_attn.attention_weights": "deform.weights", "self_attn.value_proj": "deform.value",
                                  "self_attn.output_proj": "deform.out", "norm1": "n1", "norm2": "n2", "norm3": "n3", "fc1": "ffn.0", "fc2": "ffn.2",
                                  "cmsam.W_Q": "wq", "cmsam.W_K": "wk", "cmsam.W_V": "wv", "cmsam.ln_q": "nq", "cmsam.ln_x": "nx"})}


def decoder_shapes(cfg) -> dict:
    d, q = cfg.dim, cfg.levels * cfg.classes + cfg.visual_queries
    shapes = {"visual_queries": (cfg.visual_queries, d), "query_pos": (q, d), "level_embed": (3, d)}
    for i in range(cfg.n_dec):
        at = f"layers.{i}."
        shapes |= {**attention_shapes(at + "cross_attn", d), **norm_shapes(at + "norm1", d), **attention_shapes(at + "self_attn", d), **norm_shapes(at + "norm2", d),
                   **linear_shapes(at + "fc1", d, cfg.dec_ffn), **linear_shapes(at + "fc2", cfg.dec_ffn, d), **norm_shapes(at + "norm3", d)}
    shapes |= {**norm_shapes("decoder_norm", d), **linear_shapes("class_head", d, cfg.classes + 1)}
    for i in range(3):
        shapes |= linear_shapes(f"mask_head.{i}", d, d)
    return shapes


def decoder_names(t: dict, at: str, layers: int) -> dict:
    found = {"visual": t[at + "visual_queries"], "qpos": t[at + "query_pos"], "level": t[at + "level_embed"],
             **renamed(t, at, "", {"decoder_norm": "norm", "class_head": "cls", "mask_head.0": "theta.0", "mask_head.1": "theta.2", "mask_head.2": "theta.4"})}
    for i in range(layers):
        a = f"{at}layers.{i}."
        found |= {**attention_names(t, a + "cross_attn.", f"layers.{i}.cross."), **attention_names(t, a + "self_attn.", f"layers.{i}.self_attn."),
                  **renamed(t, a, f"layers.{i}.", {"norm1": "n1", "norm2": "n2", "norm3": "n3", "fc1": "ffn.0", "fc2": "ffn.2"})}
    return found


def pyramid_shapes(c: int) -> dict:
    shapes = {}
    for i in range(4):
        shapes |= norm_shapes(f"norm.{i}", c)
    for n in ("up4a", "up4b", "up8"):
        shapes |= {f"{n}.weight": (c, c, 2, 2), f"{n}.bias": (c,)}
    return shapes | norm_shapes("up4_norm", c)


PYRAMID = {"norm.0": "ops.0.0", "up4a": "ops.0.1", "up4_norm": "ops.0.2", "up4b": "ops.0.4", "norm.1": "ops.1.0", "up8": "ops.1.1", "norm.2": "ops.2", "norm.3": "ops.3.0"}


def hsqg_shapes(cfg) -> dict:
    shapes = {"scale": (), "gate_w": (), "gate_b": ()}
    for i in range(cfg.levels):
        shapes |= {**linear_shapes(f"mlp.{i}.0", cfg.joint, cfg.dim), **linear_shapes(f"mlp.{i}.2", cfg.dim, cfg.dim)}
    return shapes


def hsqg_names(t: dict, at: str, levels: int) -> dict:
    return {"scale": t[at + "scale"], "w": t[at + "gate_w"], "b": t[at + "gate_b"],
            **renamed(t, at, "", {f"mlp.{i}.{n}": f"heads.{i}.{n}" for i in range(levels) for n in (0, 2)})}


def write(topic: Topic) -> None:
    cmsam(topic)
    hsqg(topic)
    interleaved(topic)
    query_decoder(topic)
    pyramid(topic)
    scores(topic)


def equation1(t: dict, q, x, factor=None):
    """Equation 1 on what it is given: queries and the attention of every query to the pixels."""
    alpha = (q @ t["param.W_Q.weight"].T @ (x @ t["param.W_K.weight"].T).transpose(-1, -2) / math.sqrt(CM)).softmax(-1)
    return alpha @ x @ t["param.W_V.weight"].T, alpha


def cmsam(topic: Topic) -> None:
    g = rng("cmsam")
    p = weights(g, {n[6:]: s for n, s in layer_shapes(peer()[1]).items() if n.startswith("cmsam.")})
    inputs = {"q": draw(g, 2, 3, WIDTH), "x": draw(g, 2, 7, WIDTH)}

    def norm(t, x, n):
        return F.layer_norm(x, (WIDTH,), t[f"param.{n}.weight"], t[f"param.{n}.bias"], 1e-5)

    def default(t):
        c, alpha = equation1(t, norm(t, t["q"], "ln_q"), norm(t, t["x"], "ln_x"))
        return {"q_out": t["q"] + t["factor"][..., None] * c, "alpha": alpha}

    def literal(t):
        c, alpha = equation1(t, t["q"], t["x"])
        return {"q_out": t["q"] + c, "alpha": alpha}

    topic.case("cmsam_default", "cmsam", {"literal": False}, default, {**inputs, "factor": g.random((2, 3)).astype(np.float32)}, p, cot=["q_out", "alpha"])
    topic.case("cmsam_literal", "cmsam", {"literal": True}, literal, inputs, {n: v for n, v in p.items() if n.startswith("W")}, cot=["q_out", "alpha"])


def hsqg(topic: Topic) -> None:
    model, cfg = peer()
    torch.set_default_dtype(torch.float32)
    module = model.HSQG(cfg).eval()
    for mode, use in (("pred", [0, 0]), ("mix", [1, 0])):
        g = rng("hsqg" + mode)
        p = weights(g, hsqg_shapes(cfg))
        p |= {"scale": np.float32(2.7), "gate_w": np.float32(3.1), "gate_b": np.float32(-0.4)}
        p = {n: np.asarray(v, dtype=np.float32) for n, v in p.items()}
        present = np.array([[1, 0, 1, 0], [0, 1, 0, 0]], dtype=np.int32)

        def run(t):
            unit, v = F.normalize(t["t"], dim=-1), F.normalize(t["v"], dim=-1)
            q, s, active, _ = functional_call(module, hsqg_names(t, "param.", LEVELS), (unit, v, t["present"], t["use_gt"].bool()))
            ones = torch.ones(1, dtype=torch.bool)
            every = functional_call(module, {**hsqg_names(t, "param.", LEVELS)}, (unit, v[:1], torch.ones(1, K, dtype=torch.long), ones))[0][0]
            bias = torch.log(s + 1e-4).masked_fill(~active, 0)
            return {"q_gated": q, "q_ungated": every, "sim": v.detach() @ unit.detach().T, "s": s, "active": active.long(), "factor": s.clone(), "key_bias": bias}

        topic.case("hsqg_" + mode, "hsqg", {"levels": LEVELS}, run, {"t": draw(g, K, JOINT), "v": draw(g, 2, JOINT), "present": present,
                                                                   "use_gt": np.array(use, dtype=np.int32)}, p,
                   cot=["q_gated", "q_ungated", "s", "factor", "key_bias"], grads=["t"] + ["param." + n for n in p])


def interleaved(topic: Topic) -> None:
    model, cfg = peer()
    torch.set_default_dtype(torch.float32)

    class Literal(model.EncoderLayer):
        """Equation 1 as printed: raw inputs, and every query takes the whole update."""

        def forward(self, x, q, pos, ref, shapes, textpos, bias, keep):
            sizes = [h * w for h, w in shapes]
            x = self.n1(x + self.deform(x + pos, x, ref, shapes))
            x = torch.cat([self.n2(a + self.text_attn(a + b, q[:, i] + textpos[i], q[:, i], bias[:, None, None]))
                           for i, (a, b) in enumerate(zip(x.split(sizes, 1), pos.split(sizes, 0)))], 1)
            x = self.n3(x + self.ffn(x))
            out = []
            for i, y in enumerate(x.split(sizes, 1)):
                alpha = (self.wq(q[:, i]) @ self.wk(y).transpose(1, 2) / math.sqrt(CM)).softmax(-1)
                out.append(q[:, i] + alpha @ self.wv(y))
            return x, torch.stack(out, 1)

    tokens = sum(h * w for h, w in SHAPES)
    for literal in (False, True):
        g = rng(f"interleaved{literal}")
        layer = (Literal if literal else model.EncoderLayer)(cfg).eval()
        p = weights(g, layer_shapes(cfg))
        p["self_attn.sampling_offsets.bias"] = draw(g, *p["self_attn.sampling_offsets.bias"].shape, scale=1.5)
        s = g.uniform(0.05, 0.95, (2, K)).astype(np.float32)
        active = np.ones((2, K), dtype=np.int32)
        active[0] = [1, 0, 1, 0]
        s[0] = active[0]
        inputs = {"x": draw(g, 2, tokens, WIDTH), "pos": draw(g, 2, tokens, WIDTH), "q": draw(g, 2, LEVELS, K, WIDTH), "text_pos": draw(g, LEVELS, K, WIDTH), "s": s,
                  "active": active, "factor": s.copy()}

        def run(t, layer=layer, literal=literal):
            ref = torch.cat([reference_points(h, w) for h, w in SHAPES])
            off = ~t["active"].bool()
            bias = torch.zeros_like(t["s"]).masked_fill(off, -1e4) if literal else model.key_bias(t["s"], ~off)
            own = layer_names(t, "param.")
            out = [functional_call(layer, own, (t["x"][b:b + 1], t["q"][b:b + 1], t["pos"][b], ref, SHAPES, t["text_pos"], bias[b:b + 1], t["factor"][b:b + 1]))
                   for b in range(2)]
            return {"x_out": torch.cat([o[0] for o in out]), "q_out": torch.cat([o[1] for o in out])}

        grads = ["x", "pos", "q", "text_pos"] + ["param." + n for n in p if not (literal and ".ln_" in n)]
        topic.case("interleaved_layer_" + ("literal" if literal else "default"), "interleaved_layer",
                   {"shapes_hw": SHAPES, "heads": HEADS, "points": 4, "levels": "matched", "literal": literal, "gate_key_bias": not literal}, run, inputs, p,
                   cot=["x_out", "q_out"], grads=grads)


def query_decoder(topic: Topic) -> None:
    model, cfg = peer()
    sizes = [(2, 1), (4, 2), (8, 4)]
    torch.set_default_dtype(torch.float32)
    module = model.TransformerDecoder(cfg).eval()
    for attempt in range(100):
        g = rng(f"query_decoder{attempt}")
        p = weights(g, decoder_shapes(cfg))
        active = np.array([[1, 0, 1, 1], [1, 1, 1, 1]], dtype=np.int32)
        s = np.where(np.array([[1], [0]]), active, g.uniform(0.05, 0.95, (2, K))).astype(np.float32)
        inputs = {"q_text": draw(g, 2, LEVELS * K, WIDTH), "pixel": draw(g, 2, WIDTH, 16, 8), "s": s, "active": active}
        inputs |= {f"memory{i}": draw(g, 2, WIDTH, h, w) for i, (h, w) in enumerate(sizes)}

        def run(t):
            memory = [t[f"memory{i}"].flatten(2).transpose(1, 2) for i in range(3)]
            classes, masks, last = functional_call(module, decoder_names(t, "param.", cfg.n_dec), (
                memory, sizes, t["pixel"], t["q_text"].reshape(2, LEVELS, K, WIDTH), t["s"], t["active"].bool(), True))
            found = {f"mask_logits_{i}": m for i, m in enumerate(masks)} | {f"class_logits_{i}": c for i, c in enumerate(classes)}
            return found | {"normed_last": last}

        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            out = run({k: torch.tensor(v).double() for k, v in inputs.items()} | {"param." + k: torch.tensor(v).double() for k, v in p.items()})
        margin = min(F.interpolate(out[f"mask_logits_{i}"], sizes[i], mode="bilinear").abs().min() for i in range(cfg.n_dec))
        if margin > 2e-3:
            break
    else:
        raise RuntimeError("no seed keeps mask logits away from 0")
    outputs = [f"{n}_{i}" for n in ("mask_logits", "class_logits") for i in range(cfg.n_dec + 1)] + ["normed_last"]
    grads = ["q_text", "pixel", "memory0", "memory1"] + ["param." + n for n in p]
    topic.case("query_decoder", "query_decoder", {"L": LEVELS, "heads": HEADS, "layers": cfg.n_dec}, run, inputs, p, cot=outputs, grads=grads)


def pyramid(topic: Topic) -> None:
    model, _ = peer()
    g = rng("pyramid")
    torch.set_default_dtype(torch.float32)
    with group_norms(4):
        module = model.Pyramid(12)
    p = weights(g, pyramid_shapes(12))
    topic.case("pyramid", "pyramid", {"inner_norm_groups": 4},
               lambda t: dict(zip(("F1", "F2", "F3", "F4"), functional_call(module, renamed(t, "param.", "", PYRAMID), ([t[f"tap{i}"] for i in range(4)],)))),
               {f"tap{i}": draw(g, 1, 12, 2, 4) for i in range(4)}, p, cot=["F1", "F2", "F3", "F4"])


def scores(topic: Topic) -> None:
    model, _ = peer()
    for temperature in (0.5, 1.0):
        g = rng(f"scores{temperature}")

        def run(t, temperature=temperature):
            s = torch.einsum("bqc,bqhw->bchw", t["class_logits"].softmax(-1)[..., :-1], t["mask_logits"].sigmoid())
            z = model.log_scores(s, (12, 8), temperature)
            return {"S": s, "S_full": F.interpolate(s, (12, 8), mode="bilinear", align_corners=False), "z": z, "prob": z.softmax(1)}

        topic.case(f"scores_T{temperature}", "score_logits", {"T": temperature}, run, {"class_logits": draw(g, 1, 7, K + 1, scale=2), "mask_logits": draw(g, 1, 7, 3, 2, scale=2)},
                   cot=["S", "S_full", "z", "prob"])
