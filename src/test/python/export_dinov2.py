"""Small random DINOv2 towers as ONNX files, with what PyTorch computes on them.

    python export_dinov2.py OUT        # needs torch, transformers, onnx, onnxscript, numpy

OUT is src/test/resources/io/hiervl/backbone/dinov2. Every folder holds model.onnx, in the Hugging Face layout config.json and
preprocessor_config.json as well, and reference.json + reference.bin: the normed state after every block for the two images of images.bin.
The module names of "official" are those of the repository facebookresearch/dinov2.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from transformers import Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

WIDTH, HEADS, PATCH, IMAGE, RATIO = 32, 4, 14, 56, 2


class Mlp(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc1 = nn.Linear(d, d * RATIO)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(d * RATIO, d)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class SwiGLU(nn.Module):
    def __init__(self, d):
        super().__init__()
        hidden = (int(d * RATIO * 2 / 3) + 7) // 8 * 8
        self.w12 = nn.Linear(d, 2 * hidden)
        self.w3 = nn.Linear(hidden, d)

    def forward(self, x):
        x1, x2 = self.w12(x).chunk(2, dim=-1)
        return self.w3(nn.functional.silu(x1) * x2)


class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale = (d // HEADS) ** -0.5
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0] * self.scale, qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.proj((attn @ v).transpose(1, 2).reshape(b, n, c))


class LayerScale(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return x * self.gamma


class Block(nn.Module):
    def __init__(self, d, swiglu):
        super().__init__()
        self.norm1 = nn.LayerNorm(d, eps=1e-6)
        self.attn = Attention(d)
        self.ls1 = LayerScale(d)
        self.norm2 = nn.LayerNorm(d, eps=1e-6)
        self.mlp = SwiGLU(d) if swiglu else Mlp(d)
        self.ls2 = LayerScale(d)

    def forward(self, x):
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.proj = nn.Conv2d(3, d, PATCH, PATCH)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Official(nn.Module):
    """DinoVisionTransformer's forward pass: offset 0.1 without registers, antialiasing with them."""

    def __init__(self, layers, registers, swiglu):
        super().__init__()
        side = IMAGE // PATCH
        self.patch_embed = PatchEmbed(WIDTH)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + side * side, WIDTH))
        self.register_tokens = nn.Parameter(torch.zeros(1, registers, WIDTH)) if registers else None
        self.blocks = nn.ModuleList([Block(WIDTH, swiglu) for _ in range(layers)])
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)

    def positions(self, x, w, h):
        n = self.pos_embed.shape[1] - 1
        if x.shape[1] - 1 == n and w == h:
            return self.pos_embed
        w0, h0 = w // PATCH, h // PATCH
        m = int(math.sqrt(n))
        how = {"size": (w0, h0)} if self.register_tokens is not None else {"scale_factor": ((w0 + 0.1) / m, (h0 + 0.1) / m)}
        grid = nn.functional.interpolate(self.pos_embed[:, 1:].reshape(1, m, m, WIDTH).permute(0, 3, 1, 2), mode="bicubic",
                                         antialias=self.register_tokens is not None, **how)
        return torch.cat((self.pos_embed[:, :1], grid.permute(0, 2, 3, 1).reshape(1, -1, WIDTH)), dim=1)

    def states(self, image):
        x = self.patch_embed(image)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1)
        x = x + self.positions(x, image.shape[2], image.shape[3])
        if self.register_tokens is not None:
            x = torch.cat((x[:, :1], self.register_tokens.expand(x.shape[0], -1, -1), x[:, 1:]), dim=1)
        out = []
        for block in self.blocks:
            x = block(x)
            out.append(self.norm(x))
        return out

    def forward(self, image):
        return self.states(image)[-1]


class HuggingFace(nn.Module):
    def __init__(self, layers, registers, swiglu):
        super().__init__()
        common = dict(hidden_size=WIDTH, num_hidden_layers=layers, num_attention_heads=HEADS, mlp_ratio=RATIO, image_size=IMAGE,
                      patch_size=PATCH, use_swiglu_ffn=swiglu, attn_implementation="eager")
        self.model = (Dinov2WithRegistersModel(Dinov2WithRegistersConfig(num_register_tokens=registers, **common)) if registers
                      else Dinov2Model(Dinov2Config(**common)))

    def states(self, image):
        hidden = self.model(image, output_hidden_states=True).hidden_states[1:]
        return [self.model.layernorm(h) for h in hidden]

    def forward(self, image):
        return self.model(image).last_hidden_state


def randomise(model, seed):
    """Values that tell parameters apart: no zero bias, no unit gain, gains of the residual branches unlike each other."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            gain = name.endswith(("gamma", "lambda1")) or p.dim() == 1 and name.endswith("weight")
            fan = p[0].numel() if p.dim() > 1 and "token" not in name and "pos" not in name else 0
            p.copy_(1 + 0.2 * noise if gain else noise / math.sqrt(fan) if fan else 0.3 * noise)


def strip(path):
    """Exporters leave stack traces with paths of the machine."""
    model = onnx.load(path)
    model.doc_string = ""
    del model.metadata_props[:]
    graph = model.graph
    for item in [graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]:
        item.doc_string = ""
        if hasattr(item, "metadata_props"):
            del item.metadata_props[:]
    for f in model.functions:
        assert not f.node, "a plain graph is expected"
    del graph.value_info[:]
    onnx.save(model, path)


def export(model, path, exporter, dynamic):
    image = torch.zeros(2, 3, IMAGE, IMAGE) if dynamic else torch.zeros(1, 3, IMAGE, IMAGE)
    names = dict(input_names=["pixel_values"], output_names=["last_hidden_state"])
    if exporter == "torchscript":
        axes = {"pixel_values": {0: "batch", 2: "height", 3: "width"}} if dynamic else None
        torch.onnx.export(model, (image,), str(path), dynamo=False, opset_version=17, dynamic_axes=axes, **names)
    else:
        shapes = ({0: torch.export.Dim("batch", min=1, max=64)},) if dynamic else None
        torch.onnx.export(model, (image,), str(path), dynamo=True, external_data=False, dynamic_shapes=shapes, **names)
    strip(path)


def images():
    """One of the table's size, one whose positions are interpolated."""
    g = torch.Generator().manual_seed(7)
    return [torch.randn(1, 3, *size, generator=g) for size in [(IMAGE, IMAGE), (3 * PATCH, 5 * PATCH)]]


def reference(model, folder):
    entries, blob = [], b""
    for image in images():
        with torch.no_grad():
            states = model.states(image)
        for i, state in enumerate(states):
            a = state.numpy().astype("<f4")
            entries.append({"height": image.shape[2], "width": image.shape[3], "block": i, "shape": list(a.shape),
                            "offset": len(blob) // 4})
            blob += a.tobytes()
    (folder / "reference.json").write_text(json.dumps({"arrays": entries}, indent=1) + "\n")
    (folder / "reference.bin").write_bytes(blob)


def main(out):
    cases = [
        # folder, layout, registers, swiglu, exporter, dynamic
        ("hf-torchscript", HuggingFace, 0, False, "torchscript", True),
        ("hf-dynamo", HuggingFace, 0, False, "dynamo", True),
        ("hf-registers-dynamo", HuggingFace, 4, False, "dynamo", True),
        ("hf-swiglu-torchscript", HuggingFace, 0, True, "torchscript", True),
        ("official-torchscript", Official, 0, False, "torchscript", False),
        ("official-registers-dynamo", Official, 4, False, "dynamo", True),
        ("official-swiglu-dynamo", Official, 0, True, "dynamo", True),
    ]
    Path(out).mkdir(parents=True, exist_ok=True)
    Path(out, "images.bin").write_bytes(b"".join(i.numpy().astype("<f4").tobytes() for i in images()))
    for seed, (name, layout, registers, swiglu, exporter, dynamic) in enumerate(cases):
        folder = Path(out) / name
        folder.mkdir(parents=True, exist_ok=True)
        model = layout(2, registers, swiglu).eval()
        randomise(model, seed)
        if layout is HuggingFace:
            config = {k: v for k, v in model.model.config.to_dict().items() if not k.startswith(("_", "id2", "label2"))}
            (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
            (folder / "preprocessor_config.json").write_text(json.dumps(
                {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}) + "\n")
        with torch.no_grad():
            export(model, folder / "model.onnx", exporter, dynamic)
        reference(model, folder)
        kinds = sorted({n.op_type for n in onnx.load(folder / "model.onnx").graph.node})
        print(name, (folder / "model.onnx").stat().st_size, " ".join(kinds))


main(sys.argv[1])
