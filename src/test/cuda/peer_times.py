#!/usr/bin/env python3
"""Times the PyTorch peer on a GPU: training steps and inference, in 32 bits and under bf16 autocast.

    PYTHONPATH=PEER peer_times.py [--config vit-b16-512] [--device cuda]

The peer was written for CPUs. What it cannot do on a GPU is said in one line, and the next case runs. The exit code is 1 then.
"""
import argparse
import sys
import time

import numpy as np
import torch


def measured(call, device, runs=5):
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    call()
    call()
    wait()
    times = []
    for _ in range(runs):
        start = time.time()
        call()
        wait()
        times.append(time.time() - start)
    most = torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else 0
    return sorted(times)[runs // 2], most


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default="vit-b16-512")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--images", default="1,8")
    parser.add_argument("--runs", type=int, default=5)
    a = parser.parse_args()
    from hiervl_torch import data, step
    from hiervl_torch.model import CONFIGS, HierVL
    cfg = CONFIGS[a.config]
    torch.set_default_device(a.device)
    ids = data.random_names(cfg, cfg.classes)
    ids = [v.to(a.device) if isinstance(v, torch.Tensor) else v for v in ids]

    def training(n):
        torch.manual_seed(0)
        net = HierVL(cfg).to(a.device).train()
        text = step.Text(net, *ids)
        opt = step.optimizer(net)
        labelled, unlabelled = data.random_batch(cfg, n, n)
        on = lambda values: tuple(v.to(a.device) for v in values)
        labelled, unlabelled = on(labelled), on(unlabelled)
        rng = np.random.default_rng(0)
        return lambda: step.train_step(net, opt, text, labelled, unlabelled, 0.05, rng)

    def inference():
        net = HierVL(cfg).to(a.device).eval()
        with torch.no_grad():
            t = net.text(ids[0], True).clone()
        x = torch.randn(1, 3, cfg.image, cfg.image)

        def run():
            with torch.no_grad():
                net(x, t)
        return run

    sizes = [int(n) for n in a.images.split(",")]
    cases = [("inference", inference)] + [(f"step {n}+{n}", lambda n=n: training(n)) for n in sizes]
    missing = 0
    for bf16 in (False, True):
        for name, make in cases:
            label = f"peer {name} {'bf16' if bf16 else 'fp32'}"
            try:
                with torch.autocast(a.device, torch.bfloat16, enabled=bf16):
                    seconds, most = measured(make(), a.device, a.runs)
                print(f"{label}: {1e3 * seconds:.1f} ms, {most:.2f} GB", flush=True)
            except Exception as e:  # one line for each case
                missing += 1
                print(f"{label}: not measured: {type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}", flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
