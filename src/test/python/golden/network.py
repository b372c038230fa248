"""A tiny complete network: the peer's modules on tensors under this project's parameter names, and one training step with given draws."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call

import clip
import names
import set_terms
from fixture import group_norms, rng, weights

CONFIG = {
    "K": 4,
    "L": 3,
    "M": 4,
    "D": 16,
    "heads": 2,
    "points": 4,
    "n_enc": 2,
    "n_dec": 3,
    "d": 4,
    "ffn_enc": 20,
    "ffn_dec": 24,
    "C": 12,
    "Wv": 16,
    "vis_layers": 4,
    "vis_heads": 2,
    "taps": [0, 1, 2, 3],
    "patch": 16,
    "pos_grid": 4,
    "prompt_v": 3,
    "Wt": 16,
    "txt_layers": 2,
    "txt_heads": 2,
    "vocab": 26,
    "ctx": 14,
    "prompt_t": 4,
    "gn": 4,
    "gate_key_bias": True,
    "cmsam_literal": False,
    "levels": "matched",
    "temperature": 0.5,
    "image": [64, 64],
    "progress_t": 0.04,
    "num_points": 16,
    "importance": 0.75,
    "slot_classes": [1, 2, 3],
    "slot_min_cells": 3,
    "no_object_weight": 0.1,
    "set_weights": [2, 5, 5],
    "tau": 0.07,
    "lambda_rep": 0.1,
    "anchor_eps": 1e-8,
    "deep_supervision": "mean",
}
LEVEL_NAMES = ("s32", "s16", "s8")


def peer():
    c = CONFIG
    return names.peer(
        classes=c["K"],
        levels=c["L"],
        visual_queries=c["M"],
        dim=c["D"],
        heads=c["heads"],
        points=c["points"],
        n_enc=c["n_enc"],
        n_dec=c["n_dec"],
        cm_dim=c["d"],
        enc_ffn=c["ffn_enc"],
        dec_ffn=c["ffn_dec"],
        joint=c["C"],
        v_width=c["Wv"],
        v_layers=c["vis_layers"],
        v_heads=c["vis_heads"],
        patch=c["patch"],
        image=c["image"][0],
        clip_image=c["patch"] * c["pos_grid"],
        visual_prompt=c["prompt_v"],
        t_width=c["Wt"],
        t_layers=c["txt_layers"],
        t_heads=c["txt_heads"],
        vocab=c["vocab"],
        context=c["ctx"],
        text_prompt=c["prompt_t"],
        temperature=c["temperature"],
    )


def shapes() -> dict[str, tuple[int, ...]]:
    c, (_, cfg) = CONFIG, peer()
    d, w, joint = c["D"], c["Wv"], c["C"]
    vision = clip.vision_shapes(w, c["vis_layers"], c["patch"], c["pos_grid"], joint)
    parts = {
        "image_encoder": {**vision, "prompt": (c["prompt_v"], w)},
        "frozen_image_encoder": vision,
        "text_encoder": clip.text_shapes(c["Wt"], c["txt_layers"], c["vocab"], c["ctx"], joint),
        "pyramid": names.pyramid_shapes(w),
        "hsqg": names.hsqg_shapes(cfg),
        "query_decoder": names.decoder_shapes(cfg),
        "phi_query": {**names.linear_shapes("0", d, joint), **names.linear_shapes("2", joint, joint)},
        "phi_text": {**names.linear_shapes("0", joint, joint), **names.linear_shapes("2", joint, joint)},
    }
    pixel = {
        "level_embed": (3, d),
        "text_pos": (c["L"], c["K"], d),
        "lateral.conv.weight": (d, w, 1, 1),
        **names.norm_shapes("lateral.norm", d),
        "output.conv.weight": (d, d, 3, 3),
        **names.norm_shapes("output.norm", d),
        "mask_features.weight": (d, d, 1, 1),
        "mask_features.bias": (d,),
    }
    for i in range(3):
        pixel |= {
            f"input_proj.{i}.conv.weight": (d, w, 1, 1),
            f"input_proj.{i}.conv.bias": (d,),
            **names.norm_shapes(f"input_proj.{i}.norm", d),
        }
    for i in range(c["n_enc"]):
        pixel |= {f"layers.{i}.{n}": s for n, s in names.layer_shapes(cfg).items()}
    parts["pixel_decoder"] = pixel
    return {"text_prompt": (c["prompt_t"], c["Wt"]), **{f"{part}.{n}": s for part, own in parts.items() for n, s in own.items()}}


def parameters(seed: int) -> dict[str, np.ndarray]:
    g = rng(f"network{seed}")
    all_shapes = shapes()
    towers = {n: s for n, s in all_shapes.items() if "encoder." in n and "decoder." not in n}
    p = weights(g, all_shapes) | clip.clip_weights(g, towers)
    for n, s in all_shapes.items():
        if n.endswith("sampling_offsets.bias"):
            p[n] = (1.3 * g.standard_normal(s)).astype(np.float32)
        elif n.endswith(("text_prompt", "encoder.prompt")):
            p[n] = (0.3 * g.standard_normal(s)).astype(np.float32)
        elif n.endswith(("visual_queries", "query_pos", "level_embed", "text_pos")):
            p[n] = (0.7 * g.standard_normal(s)).astype(np.float32)
        elif "mask_head.2.weight" in n or "class_head.weight" in n:
            p[n] *= 2
        elif n.endswith("conv1.weight"):
            p[n] /= 3  # photos here have values from 0 to 9
    return p | {"hsqg.scale": np.float32(math.sqrt(CONFIG["C"])), "hsqg.gate_w": np.float32(2.5), "hsqg.gate_b": np.float32(-0.2)}


class Network:
    """The peer's modules, called with the tensors of a dictionary instead of their own."""

    def __init__(self, t: dict[str, torch.Tensor]):
        self.t = t
        self.model, self.cfg = peer()
        torch.set_default_dtype(torch.float32)
        built = self.model.build_clip(self.cfg)
        with group_norms(CONFIG["gn"]):
            self.vision, self.frozen = (self.model.VisionTower(built, self.cfg, n).eval() for n in (CONFIG["prompt_v"], 0))
            self.text, self.pyramid, self.hsqg = (
                self.model.TextTower(built, self.cfg).eval(),
                self.model.Pyramid(self.cfg.v_width),
                self.model.HSQG(self.cfg).eval(),
            )
            self.pixel, self.decoder, self.phi = (
                self.model.PixelDecoder(self.cfg),
                self.model.TransformerDecoder(self.cfg),
                self.model.PhiT(self.cfg.joint),
            )
        torch.set_default_dtype(next(iter(t.values())).dtype)
        self.own = {
            "vision": {**clip.vision_names(t, "image_encoder.", self.cfg.v_layers), "prompt": t["image_encoder.prompt"]},
            "frozen": clip.vision_names(t, "frozen_image_encoder.", self.cfg.v_layers),
            "text": {**clip.text_names(t, "text_encoder.", self.cfg.t_layers), "prompt": t["text_prompt"]},
            "pyramid": names.renamed(t, "pyramid.", "", names.PYRAMID),
            "hsqg": names.hsqg_names(t, "hsqg.", self.cfg.levels),
            "pixel": self.pixel_names(),
            "decoder": names.decoder_names(t, "query_decoder.", self.cfg.n_dec),
            "phi": {f"{o}.{kind}": t[f"phi_text.{n}.{kind}"] for n, o in ((0, "a"), (2, "b")) for kind in ("weight", "bias")},
        }

    def pixel_names(self) -> dict[str, torch.Tensor]:
        at = "pixel_decoder."
        ours = {
            "lateral.conv": "lateral.0",
            "lateral.norm": "lateral.1",
            "output.conv": "smooth.0",
            "output.norm": "smooth.1",
            "mask_features": "mask_feature",
        }
        for i in range(3):
            ours |= {f"input_proj.{i}.conv": f"inputs.{i}.0", f"input_proj.{i}.norm": f"inputs.{i}.1"}
        found = {"level": self.t[at + "level_embed"], "textpos": self.t[at + "text_pos"], **names.renamed(self.t, at, "", ours)}
        for i in range(self.cfg.n_enc):
            found |= names.layer_names(self.t, f"{at}layers.{i}.", f"layers.{i}.")
        return found

    def __call__(self, part: str, *args, **kwargs):
        return functional_call(getattr(self, part), self.own[part], args, kwargs)

    def phi_query(self, x):
        p = self.t
        return F.linear(F.relu(F.linear(x, p["phi_query.0.weight"], p["phi_query.0.bias"])), p["phi_query.2.weight"], p["phi_query.2.bias"])

    def embeddings(self, ids: torch.Tensor, prompted: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Text embeddings, raw and of length 1."""
        kept = []
        hook = self.text.proj.register_forward_hook(lambda module, args, out: kept.append(out))
        unit = self("text", ids, prompted)
        hook.remove()
        return kept[0], unit

    def encode(self, x: torch.Tensor, dense: str | None = None, keep: list | None = None) -> SimpleNamespace:
        taps, v, d = self("vision", x, dense=dense)
        maps = self("pyramid", taps)
        if keep is not None:
            maps = [m * k[:, :, None, None] / 0.5 for m, k in zip(maps, keep)]
        return SimpleNamespace(taps=taps, v=v, maps=maps, dense=None if d is None else d.flatten(2).transpose(1, 2))

    def decode(self, e: SimpleNamespace, t: torch.Tensor, presence=None, use_gt=None) -> SimpleNamespace:
        q, s, active, logit = self("hsqg", t, e.v, presence, use_gt)
        states, normed = [], {"nq": [], "nx": []}
        hooks = [layer.register_forward_hook(lambda m, a, out: states.append(out[1])) for layer in self.pixel.layers]
        for n, kept in normed.items():
            hooks.append(getattr(self.pixel.layers[0], n).register_forward_hook(lambda m, a, out, kept=kept: kept.append(out)))
        memory, sizes, feature, aligned = self("pixel", e.maps, q, s, active)
        for hook in hooks:
            hook.remove()
        p = self.own["pixel"]
        alpha = [
            ((a @ p["layers.0.wq.weight"].T) @ (x @ p["layers.0.wk.weight"].T).transpose(1, 2) / math.sqrt(CONFIG["d"])).softmax(-1)
            for a, x in zip(normed["nq"], normed["nx"])
        ]
        classes, masks, last = self("decoder", memory, sizes, feature, aligned, s, active, True)
        scores = torch.einsum("bqc,bqhw->bchw", classes[-1].softmax(-1)[..., :-1], masks[-1].sigmoid())
        z = self.model.log_scores(scores, tuple(CONFIG["image"]), CONFIG["temperature"])
        resized = [F.interpolate(m, sizes[i % 3], mode="bilinear", align_corners=False).flatten(2) for i, m in enumerate(masks[:-1])]
        return SimpleNamespace(
            q=q,
            s=s,
            active=active,
            logit=logit,
            states=states,
            alpha=alpha,
            memory=memory,
            sizes=sizes,
            feature=feature,
            classes=classes,
            masks=masks,
            last=last,
            S=scores,
            z=z,
            reset=sum(int((r < 0).all(-1).sum()) for r in resized),
            margin=min(float(r.detach().abs().min()) for r in resized),
        )


def mixed(x: torch.Tensor, boxes: np.ndarray) -> torch.Tensor:
    """CutMix with the batch flipped along its first axis."""
    out = x.clone()
    for i, (y, c, h, w) in enumerate(boxes):
        out[i, ..., y : y + h, c : c + w] = x[len(x) - 1 - i, ..., y : y + h, c : c + w]
    return out


def gate_bce(logit: torch.Tensor, presence: torch.Tensor) -> torch.Tensor:
    """Mean over present and mean over absent classes, halved, mean over images."""
    per = F.binary_cross_entropy_with_logits(logit, presence, reduction="none")
    group = lambda w: (per * w).sum(1) / w.sum(1).clamp(min=1)
    return (group(presence) + group(1 - presence)).mean() / 2


class Step:
    """One training step as a sum of named terms; keeps what was computed on the way."""

    def __init__(self, net: Network, inputs: dict[str, torch.Tensor], targets: set_terms.SetTargets):
        self.net, self.i, self.targets = net, inputs, targets
        self.losses: dict[str, torch.Tensor] = {}

    def beliefs(self) -> None:
        """Text embeddings, the labelled view and the weak view."""
        n, i = self.net, self.i
        self.raw, self.text = n.embeddings(i["text.name_ids"], True)
        self.proto = n.embeddings(i["text.template_ids"], False)[1]
        self.presence = torch.tensor(np.stack([f.presence for f in self.targets.found])).to(self.text.dtype)
        self.a_features = n.encode(i["labelled.image"], "last")
        self.a = n.decode(self.a_features, self.text, self.presence, i["labelled.use_gt_gate"].bool())
        with torch.no_grad():
            self.weak_features = n.encode(i["unlabelled.weak"])
            self.weak = n.decode(self.weak_features, self.text.detach())
            best = self.weak.z.softmax(1).max(1)
            self.confidence, self.label = best.values, best.indices
            dense = F.normalize(n("frozen", i["unlabelled.weak"], want_taps=False, dense="value")[2], dim=1)
            cos = torch.einsum("bchw,nc->bnhw", dense, F.normalize(i["text.concepts"], dim=-1)) * 100
            self.guide_scores = torch.stack([cos[:, i["text.concept_class"] == k].amax(1) for k in range(CONFIG["K"])], 1)
            best = F.interpolate(self.guide_scores, tuple(CONFIG["image"]), mode="bilinear", align_corners=False).softmax(1).max(1)
            self.guide_probability, self.guide_best = best.values, best.indices
        self.valid = i["unlabelled.pad"] != 254

    def run(self, threshold: float, guidance_threshold: float) -> None:
        self.guide = self.guide_best.masked_fill((self.guide_probability < guidance_threshold) | ~self.valid, 255)
        self.labelled()
        self.strong = [
            self.view(
                f"s{v}",
                mixed(self.i[f"unlabelled.strong{v}"], self.i[f"unlabelled.boxes{v}"].numpy()),
                self.i[f"unlabelled.boxes{v}"].numpy(),
                threshold,
            )
            for v in (1, 2)
        ]
        keep = [self.i[f"unlabelled.dropout_keep{k}"].to(self.text.dtype) for k in range(1, 5)]
        self.fp = self.view("fp", self.i["unlabelled.weak"], np.zeros((2, 4), dtype=int), threshold, keep)
        self.masked()
        from hiervl_torch import losses

        topo, anchor = losses.prompt_loss(self.text, self.proto, lambda x: self.net("phi", x), CONFIG["lambda_rep"])
        self.losses |= {"L_topo": topo, "L_anchor": anchor}

    def labelled(self) -> None:
        from hiervl_torch import losses

        a, i = self.a, self.i
        whole = 0.0
        for d, (c, m) in enumerate(zip(a.classes, a.masks)):
            parts = set_terms.set_losses(
                c, m, self.targets, i["labelled.candidates"][d], i["labelled.random_points"][d], CONFIG["no_object_weight"]
            )[:3]
            self.losses |= {f"set.pred{d}.{n}": v for n, v in zip(("class", "bce", "dice"), parts)}
            whole = whole + sum(w * v for w, v in zip(CONFIG["set_weights"], parts))
        ce = losses.labelled_ce(a.z, i["labelled.label"])
        rows = torch.tensor(self.targets.matched).long()
        qt = losses.query_text(SimpleNamespace(query=a.last), self.text, self.net.phi_query, rows[:, 0], rows[:, 1], rows[:, 2])
        self.losses |= {
            "ce": ce,
            "L_set": whole / len(a.classes),
            "L_x": ce + whole / len(a.classes),
            "L_qt": qt,
            "L_gate": gate_bce(a.logit, self.presence),
        }

    def view(self, name: str, images: torch.Tensor, boxes: np.ndarray, threshold: float, keep: list | None = None) -> tuple:
        from hiervl_torch import losses

        e = self.net.encode(images, keep=keep)
        out = self.net.decode(e, self.text)
        label, confidence, valid, guide = (mixed(x, boxes) for x in (self.label, self.confidence, self.valid, self.guide))
        valid = valid.to(out.z.dtype)
        self.losses |= {
            "l_" + name: losses.pseudo_ce(out.z, label, confidence, valid, threshold),
            "g_" + name: losses.guidance_ce(out.z, guide),
        }
        if keep is None:
            self.losses["H_" + name] = losses.entropy(out.z, valid, CONFIG["temperature"])
        return e, out

    def masked(self) -> None:
        i = self.i
        hit = i["labelled.label"] == i["labelled.masked_class"][:, None, None]
        share = F.avg_pool2d(hit[:, None].to(self.text.dtype), CONFIG["patch"])[:, 0]
        self.selected = share >= 0.5
        for s, own in zip(share, self.selected):
            if not own.any():
                own.view(-1)[s.argmax()] = True
        self.x_mask = (
            self.net("vision", i["labelled.image"].masked_fill(hit[:, None], 0), want_taps=False, dense="last")[2]
            .flatten(2)
            .transpose(1, 2)
        )
        with torch.no_grad():
            self.x_ref = self.net("frozen", i["labelled.image"], want_taps=False, dense="last")[2].flatten(2).transpose(1, 2)
        on = self.selected.flatten(1)
        x, ref = F.normalize(self.x_mask, dim=-1)[on], F.normalize(self.x_ref, dim=-1)[on]
        classes = i["labelled.masked_class"][:, None].expand_as(on)[on]
        self.losses |= {"L_mask": (1 - (x * ref).sum(-1)).mean(), "L_pt": F.cross_entropy(x @ self.text.T / CONFIG["tau"], classes)}
