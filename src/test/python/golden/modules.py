"""Topic hiervl, the network's modules: the peer's under this project's parameter names, and the printed reading of equation 1."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call

from fixture import Topic, draw, group_norms, rng, weights
from names import (
    CM,
    HEADS,
    JOINT,
    K,
    LEVELS,
    PYRAMID,
    WIDTH,
    decoder_names,
    decoder_shapes,
    hsqg_names,
    hsqg_shapes,
    layer_names,
    layer_shapes,
    peer,
)
from names import pyramid_shapes, reference_points, renamed

SHAPES = [(1, 2), (2, 4), (4, 8)]


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

    topic.case(
        "cmsam_default",
        "cmsam",
        {"literal": False},
        default,
        {**inputs, "factor": g.random((2, 3)).astype(np.float32)},
        p,
        cot=["q_out", "alpha"],
    )
    topic.case(
        "cmsam_literal",
        "cmsam",
        {"literal": True},
        literal,
        inputs,
        {n: v for n, v in p.items() if n.startswith("W")},
        cot=["q_out", "alpha"],
    )


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
            every = functional_call(module, {**hsqg_names(t, "param.", LEVELS)}, (unit, v[:1], torch.ones(1, K, dtype=torch.long), ones))[
                0
            ][0]
            bias = torch.log(s + 1e-4).masked_fill(~active, 0)
            return {
                "q_gated": q,
                "q_ungated": every,
                "sim": v.detach() @ unit.detach().T,
                "s": s,
                "active": active.long(),
                "factor": s.clone(),
                "key_bias": bias,
            }

        topic.case(
            "hsqg_" + mode,
            "hsqg",
            {"levels": LEVELS},
            run,
            {"t": draw(g, K, JOINT), "v": draw(g, 2, JOINT), "present": present, "use_gt": np.array(use, dtype=np.int32)},
            p,
            cot=["q_gated", "q_ungated", "s", "factor", "key_bias"],
            grads=["t"] + ["param." + n for n in p],
        )


def interleaved(topic: Topic) -> None:
    model, cfg = peer()
    torch.set_default_dtype(torch.float32)

    class Literal(model.EncoderLayer):
        """Equation 1 as printed: raw inputs, and every query takes the whole update."""

        def forward(self, x, q, pos, ref, shapes, textpos, bias, keep):
            sizes = [h * w for h, w in shapes]
            x = self.n1(x + self.deform(x + pos, x, ref, shapes))
            x = torch.cat(
                [
                    self.n2(a + self.text_attn(a + b, q[:, i] + textpos[i], q[:, i], bias[:, None, None]))
                    for i, (a, b) in enumerate(zip(x.split(sizes, 1), pos.split(sizes, 0)))
                ],
                1,
            )
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
        inputs = {
            "x": draw(g, 2, tokens, WIDTH),
            "pos": draw(g, 2, tokens, WIDTH),
            "q": draw(g, 2, LEVELS, K, WIDTH),
            "text_pos": draw(g, LEVELS, K, WIDTH),
            "s": s,
            "active": active,
            "factor": s.copy(),
        }

        def run(t, layer=layer, literal=literal):
            ref = torch.cat([reference_points(h, w) for h, w in SHAPES])
            off = ~t["active"].bool()
            bias = torch.zeros_like(t["s"]).masked_fill(off, -1e4) if literal else model.key_bias(t["s"], ~off)
            own = layer_names(t, "param.")
            out = [
                functional_call(
                    layer,
                    own,
                    (
                        t["x"][b : b + 1],
                        t["q"][b : b + 1],
                        t["pos"][b],
                        ref,
                        SHAPES,
                        t["text_pos"],
                        bias[b : b + 1],
                        t["factor"][b : b + 1],
                    ),
                )
                for b in range(2)
            ]
            return {"x_out": torch.cat([o[0] for o in out]), "q_out": torch.cat([o[1] for o in out])}

        grads = ["x", "pos", "q", "text_pos"] + ["param." + n for n in p if not (literal and ".ln_" in n)]
        topic.case(
            "interleaved_layer_" + ("literal" if literal else "default"),
            "interleaved_layer",
            {"shapes_hw": SHAPES, "heads": HEADS, "points": 4, "levels": "matched", "literal": literal, "gate_key_bias": not literal},
            run,
            inputs,
            p,
            cot=["x_out", "q_out"],
            grads=grads,
        )


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
            classes, masks, last = functional_call(
                module,
                decoder_names(t, "param.", cfg.n_dec),
                (memory, sizes, t["pixel"], t["q_text"].reshape(2, LEVELS, K, WIDTH), t["s"], t["active"].bool(), True),
            )
            found = {f"mask_logits_{i}": m for i, m in enumerate(masks)} | {f"class_logits_{i}": c for i, c in enumerate(classes)}
            return found | {"normed_last": last}

        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            out = run(
                {k: torch.tensor(v).double() for k, v in inputs.items()} | {"param." + k: torch.tensor(v).double() for k, v in p.items()}
            )
        margin = min(F.interpolate(out[f"mask_logits_{i}"], sizes[i], mode="bilinear").abs().min() for i in range(cfg.n_dec))
        if margin > 2e-3:
            break
    else:
        raise RuntimeError("no seed keeps mask logits away from 0")
    outputs = [f"{n}_{i}" for n in ("mask_logits", "class_logits") for i in range(cfg.n_dec + 1)] + ["normed_last"]
    grads = ["q_text", "pixel", "memory0", "memory1"] + ["param." + n for n in p]
    topic.case(
        "query_decoder", "query_decoder", {"L": LEVELS, "heads": HEADS, "layers": cfg.n_dec}, run, inputs, p, cot=outputs, grads=grads
    )


def pyramid(topic: Topic) -> None:
    model, _ = peer()
    g = rng("pyramid")
    torch.set_default_dtype(torch.float32)
    with group_norms(4):
        module = model.Pyramid(12)
    p = weights(g, pyramid_shapes(12))
    topic.case(
        "pyramid",
        "pyramid",
        {"inner_norm_groups": 4},
        lambda t: dict(
            zip(("F1", "F2", "F3", "F4"), functional_call(module, renamed(t, "param.", "", PYRAMID), ([t[f"tap{i}"] for i in range(4)],)))
        ),
        {f"tap{i}": draw(g, 1, 12, 2, 4) for i in range(4)},
        p,
        cot=["F1", "F2", "F3", "F4"],
    )


def scores(topic: Topic) -> None:
    model, _ = peer()
    for temperature in (0.5, 1.0):
        g = rng(f"scores{temperature}")

        def run(t, temperature=temperature):
            s = torch.einsum("bqc,bqhw->bchw", t["class_logits"].softmax(-1)[..., :-1], t["mask_logits"].sigmoid())
            z = model.log_scores(s, (12, 8), temperature)
            return {"S": s, "S_full": F.interpolate(s, (12, 8), mode="bilinear", align_corners=False), "z": z, "prob": z.softmax(1)}

        topic.case(
            f"scores_T{temperature}",
            "score_logits",
            {"T": temperature},
            run,
            {"class_logits": draw(g, 1, 7, K + 1, scale=2), "mask_logits": draw(g, 1, 7, 3, 2, scale=2)},
            cot=["S", "S_full", "z", "prob"],
        )
