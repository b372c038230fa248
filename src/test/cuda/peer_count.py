#!/usr/bin/env python3
"""Counts the operations of a training step of the PyTorch peer on the CPU: kernels, bytes that they read and write, and flops of products.

    PYTHONPATH=PEER peer_count.py [--config vit-b16-512] [--images 8] [--precision bf16]

Steps of 1 + 1 and 2 + 2 images are run and counted; larger ones follow, since everything grows in a straight line. An operation that makes a view
is no kernel; every other one counts as one launch that reads its inputs once and writes its results once.
"""
import argparse
import json
import warnings

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

CREATE_NOTHING = {"detach", "alias", "lift_fresh", "is_same_size", "empty", "empty_like", "empty_strided", "new_empty", "_local_scalar_dense",
                  "new_empty_strided", "resize_", "set_"}


def attention_flops(products):
    def count(q, k, v, *_, **__):
        b, h, n, d = q.shape
        return products * 2 * b * h * n * k.shape[2] * d
    return count


OWN = {"_scaled_dot_product_flash_attention_for_cpu": attention_flops(2),
       "_scaled_dot_product_flash_attention_for_cpu_backward": lambda g, q, k, v, *_, **__: attention_flops(5)(q, k, v)}


class Count(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.launches = self.bytes = self.flops = 0
        self.by_name = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = func._schema.name.split("::")[1]
        results = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        view = func.is_view or name in CREATE_NOTHING or name.endswith("view")
        if results and not view:
            inputs = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
            moved = sum(t.numel() * t.element_size() for t in inputs + results)
            if name in OWN:
                flops = OWN[name](*args, **(kwargs or {}))
            elif func._overloadpacket in flop_registry:
                flops = flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=out)
            else:
                flops = 0
            one = self.by_name.setdefault(name, [0, 0, 0])
            for i, v in enumerate((1, moved, flops)):
                one[i] += v
            self.launches += 1
            self.bytes += moved
            self.flops += flops
        return out


def main():
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default="vit-b16-512")
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--precision", default="bf16", choices=("bf16", "fp32"))
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    from hiervl_torch import data, step
    from hiervl_torch.model import CONFIGS, HierVL
    cfg = CONFIGS[a.config]
    torch.manual_seed(0)
    net = HierVL(cfg).train()
    text = step.Text(net, *data.random_names(cfg, cfg.classes))
    opt = step.optimizer(net)
    counts = []
    for n in (1, 2):
        labelled, unlabelled = data.random_batch(cfg, n, n)
        count = Count()
        with torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16"), count:
            step.train_step(net, opt, text, labelled, unlabelled, 0.05, np.random.default_rng(0))
        counts.append(count)
        print(json.dumps({"images": n, "launches": count.launches, "bytes": count.bytes, "flops": count.flops}), flush=True)
        for name, (c, b, f) in sorted(count.by_name.items(), key=lambda e: -e[1][1])[:25]:
            print(f"  {name:50s} {c:7d} {b / 1e9:9.2f} GB {f / 1e12:8.3f} TFLOP")
    one, two = counts
    line = {"images": a.images}
    for what in ("launches", "bytes", "flops"):
        x, y = getattr(one, what), getattr(two, what)
        line[what] = x + (y - x) * (a.images - 1)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
