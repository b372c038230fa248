"""Topic clip: transformers' CLIP layers and the peer's towers, under OpenAI's parameter names."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call

from fixture import Topic, draw, rng, weights


def block_shapes(width: int) -> dict[str, tuple[int, ...]]:
    return {
        "ln_1.weight": (width,),
        "ln_1.bias": (width,),
        "attn.in_proj_weight": (3 * width, width),
        "attn.in_proj_bias": (3 * width,),
        "attn.out_proj.weight": (width, width),
        "attn.out_proj.bias": (width,),
        "ln_2.weight": (width,),
        "ln_2.bias": (width,),
        "mlp.c_fc.weight": (4 * width, width),
        "mlp.c_fc.bias": (4 * width,),
        "mlp.c_proj.weight": (width, 4 * width),
        "mlp.c_proj.bias": (width,),
    }


def block_names(t: dict, at: str, to: str) -> dict:
    """OpenAI's names of a block at a prefix as those of transformers."""
    found = {}
    for kind in ("weight", "bias"):
        for n, part in zip("qkv", t[f"{at}attn.in_proj_{kind}"].chunk(3)):
            found[f"{to}self_attn.{n}_proj.{kind}"] = part
        for ours, theirs in (
            ("attn.out_proj", "self_attn.out_proj"),
            ("ln_1", "layer_norm1"),
            ("ln_2", "layer_norm2"),
            ("mlp.c_fc", "mlp.fc1"),
            ("mlp.c_proj", "mlp.fc2"),
        ):
            found[f"{to}{theirs}.{kind}"] = t[f"{at}{ours}.{kind}"]
    return found


def tower_shapes(prefix: str, layers: int, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{prefix}{i}.{n}": s for i in range(layers) for n, s in block_shapes(width).items()}


def vision_shapes(width: int, layers: int, patch: int, grid: int, joint: int) -> dict[str, tuple[int, ...]]:
    return {
        "class_embedding": (width,),
        "positional_embedding": (grid * grid + 1, width),
        "proj": (width, joint),
        "conv1.weight": (width, 3, patch, patch),
        "ln_pre.weight": (width,),
        "ln_pre.bias": (width,),
        **tower_shapes("transformer.resblocks.", layers, width),
        "ln_post.weight": (width,),
        "ln_post.bias": (width,),
    }


def text_shapes(width: int, layers: int, vocab: int, context: int, joint: int) -> dict[str, tuple[int, ...]]:
    return {
        "positional_embedding": (context, width),
        "text_projection": (width, joint),
        "token_embedding.weight": (vocab, width),
        **tower_shapes("transformer.resblocks.", layers, width),
        "ln_final.weight": (width,),
        "ln_final.bias": (width,),
    }


def vision_names(t: dict, at: str, layers: int) -> dict:
    """OpenAI's names at a prefix as those of the peer's image tower."""
    found = {
        "patch_embedding.weight": t[at + "conv1.weight"],
        "class_embedding": t[at + "class_embedding"],
        "pos": t[at + "positional_embedding"],
        "proj.weight": t[at + "proj"].T,
    }
    for kind in ("weight", "bias"):
        found |= {f"pre_ln.{kind}": t[f"{at}ln_pre.{kind}"], f"post_ln.{kind}": t[f"{at}ln_post.{kind}"]}
    for i in range(layers):
        found |= block_names(t, f"{at}transformer.resblocks.{i}.", f"layers.{i}.")
    return found


def text_names(t: dict, at: str, layers: int) -> dict:
    """OpenAI's names at a prefix as those of the peer's text tower."""
    found = {
        "tok.weight": t[at + "token_embedding.weight"],
        "pos.weight": t[at + "positional_embedding"],
        "proj.weight": t[at + "text_projection"].T,
    }
    found |= {f"final_ln.{kind}": t[f"{at}ln_final.{kind}"] for kind in ("weight", "bias")}
    for i in range(layers):
        found |= block_names(t, f"{at}transformer.resblocks.{i}.", f"layers.{i}.")
    return found


def clip_weights(g: np.random.Generator, shapes: dict) -> dict[str, np.ndarray]:
    """Embeddings and the transposed projections by their own scale, everything else by fan-in."""
    p = weights(g, shapes)
    for n, s in shapes.items():
        if n.endswith("proj") or n.endswith("text_projection"):
            p[n] = draw(g, *s, scale=s[0] ** -0.5)
        elif "embedding" in n:
            p[n] = draw(g, *s, scale=0.4)
    return p


def settings(**other):
    from hiervl_torch.model import Config

    return Config(
        **{
            **dict(
                image=24,
                patch=8,
                clip_image=24,
                v_width=16,
                v_layers=2,
                v_heads=2,
                t_width=16,
                t_layers=2,
                t_heads=2,
                vocab=30,
                context=16,
                joint=12,
                text_prompt=4,
                visual_prompt=0,
            ),
            **other,
        }
    )


def write(topic: Topic) -> None:
    blocks(topic)
    texts(topic)
    vision(topic)
    positions(topic)
    image = rng("normalise").integers(0, 256, (3, 4, 7)).astype(np.uint8)
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    from torchvision.transforms import functional as T

    e = topic.entry("normalise", "clip_normalise", {"mean": mean, "std": std})
    e.add("image", "input", image)
    e.add("y", "output", T.normalize(torch.tensor(image).float() / 255, mean, std).numpy(), {"float32": {"atol": 1e-6, "rtol": 1e-5}})
    e.close()


def blocks(topic: Topic) -> None:
    from hiervl_torch.model import build_clip

    width, heads = 16, 2
    torch.set_default_dtype(torch.float32)
    layer = build_clip(settings()).vision_model.encoder.layers[0]
    for causal in (False, True):
        g = rng(f"block{causal}")

        def run(t, causal=causal):
            n = t["x"].shape[1]
            mask = torch.full((n, n), float("-inf")).triu(1)[None, None] if causal else None
            return {"y": functional_call(layer, block_names(t, "param.", ""), (t["x"], mask))}

        topic.case(
            "block_causal" if causal else "block",
            "clip_block",
            {"heads": heads, "activation": "quick_gelu", "eps": 1e-5, "causal": causal},
            run,
            {"x": draw(g, 2, 5, width)},
            weights(g, block_shapes(width)),
            cot=["y"],
            grads=["x"] if causal else None,
        )


def texts(topic: Topic) -> None:
    from hiervl_torch.model import TextTower, build_clip

    cfg = settings()
    torch.set_default_dtype(torch.float32)
    tower = TextTower(build_clip(cfg), cfg)
    g = rng("texts")
    p = clip_weights(g, text_shapes(cfg.t_width, cfg.t_layers, cfg.vocab, cfg.context, cfg.joint))
    end = cfg.vocab - 1
    tokens = np.zeros((4, cfg.context), dtype=np.int32)
    for i, n in enumerate((1, 3, 6, 2)):
        tokens[i, : n + 2] = [end - 1, *g.integers(1, end - 1, n), end]
    prompted = np.zeros_like(tokens)
    prompted[:, 0], prompted[:, 5:] = tokens[:, 0], tokens[:, 1:-4]
    prompted[:, 1:5] = 1

    def raw(t, embed):
        own = text_names(t, "param.", cfg.t_layers)
        x = embed(own) + own["pos.weight"]
        n = cfg.context
        mask = torch.full((n, n), float("-inf")).triu(1)[None, None]
        for i in range(cfg.t_layers):
            x = functional_call(tower.layers[i], {k[9:]: v for k, v in own.items() if k.startswith(f"layers.{i}.")}, (x, mask))
        x = F.layer_norm(x, (cfg.t_width,), own["final_ln.weight"], own["final_ln.bias"], 1e-5)
        return x[torch.arange(len(x)), t["tokens"].argmax(-1)] @ own["proj.weight"].T

    def plain(t):
        y = raw(t, lambda own: own["tok.weight"][t["tokens"]])
        whole = functional_call(
            tower, {**text_names(t, "param.", cfg.t_layers), "prompt": torch.zeros(4, cfg.t_width)}, (t["tokens"], False)
        )
        return {"embedding": y, "normalised": whole}

    def with_prompt(t):
        def embed(own):
            e = own["tok.weight"][t["tokens"]]
            return torch.cat([e[:, :1], t["prompt"].expand(len(e), -1, -1), e[:, 5:]], 1)

        return {"embedding": raw(t, embed)}

    config = {"heads": cfg.t_heads, "layers": cfg.t_layers}
    topic.case("text_template", "clip_text", config, plain, {"tokens": tokens}, p, grads=[])
    topic.case(
        "text_prompt",
        "clip_text_prompt",
        {**config, "prompt_tokens": 4},
        with_prompt,
        {"tokens": prompted, "prompt": draw(g, 4, cfg.t_width, scale=0.4)},
        p,
        cot=["embedding"],
        grads=["prompt"],
    )


def vision(topic: Topic) -> None:
    from hiervl_torch.model import VisionTower, build_clip

    cfg = settings()
    torch.set_default_dtype(torch.float32)
    tower = VisionTower(build_clip(cfg), cfg, 0)
    tower.taps = [0, 1]
    g = rng("vision")
    grid = cfg.image // cfg.patch
    p = clip_weights(g, {"visual." + n: s for n, s in vision_shapes(cfg.v_width, cfg.v_layers, cfg.patch, grid, cfg.joint).items()})
    outputs = ["embedding", "embedding_normalised", "tap0", "tap1", "dense_last", "dense_value"]

    def run(t):
        own = vision_names(t, "param.visual.", cfg.v_layers)
        taps, v, last = functional_call(tower, own, (t["image"],), {"dense": "last"})
        value = functional_call(tower, own, (t["image"],), {"want_taps": False, "dense": "value"})[2]
        embedding = class_embedding(tower, own, t["image"])
        return dict(zip(outputs, (embedding, v, *taps, last.flatten(2).transpose(1, 2), value.flatten(2).transpose(1, 2))))

    topic.case(
        "vision",
        "clip_vision",
        {"heads": cfg.v_heads, "layers": cfg.v_layers, "patch": cfg.patch},
        run,
        {"image": draw(g, 1, 3, cfg.image, cfg.image)},
        p,
        cot=outputs,
    )


def class_embedding(tower, own: dict, image: torch.Tensor) -> torch.Tensor:
    """The image embedding before it is brought to length 1."""
    kept = []
    hook = tower.proj.register_forward_hook(lambda module, args, out: kept.append(out))
    functional_call(tower, own, (image,), {"want_taps": False})
    hook.remove()
    return kept[0]


def positions(topic: Topic) -> None:
    from hiervl_torch.model import resize_positions

    for side, h, w in ((7, 12, 12), (5, 5, 5), (6, 4, 9)):
        topic.case(
            f"pos_resize_{side}_to_{h}x{w}",
            "pos_resize",
            {"to": [h, w]},
            lambda t, h=h, w=w: {"y": resize_positions(t["param.position_embedding.weight"], h, w)},
            {},
            {"position_embedding.weight": draw(rng(f"positions{side}"), side * side + 1, 3)},
            cot=["y"],
        )
