"""Makes the golden fixtures of src/test/resources/golden.

    python src/test/python/golden --peer PEER [--out src/test/resources/golden] [--topic NAME]...

PEER is a folder with the package hiervl_torch. Needs torch, torchvision, transformers, safetensors, numpy, scipy and pillow.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from pathlib import Path

import numpy
import PIL
import scipy
import torch
import torchvision
import transformers

sys.path.insert(0, str(Path(__file__).parent))

from fixture import Topic  # noqa: E402

VERSIONS = {
    "torch": torch.__version__.split("+")[0],
    "torchvision": torchvision.__version__.split("+")[0],
    "transformers": transformers.__version__,
    "pillow": PIL.__version__,
    "scipy": scipy.__version__,
    "numpy": numpy.__version__,
    "python": platform.python_version(),
}


def writers() -> dict:
    import clip, end_to_end, mask2former, modules, ops, pictures, plain, set_terms, terms

    def hiervl(topic):
        modules.write(topic)
        set_terms.write(topic)
        terms.write(topic)

    return {
        "torch_ops": ops.write,
        "optim": plain.optim,
        "metrics": plain.metrics,
        "sliding": plain.sliding,
        "image": pictures.write,
        "clip": clip.write,
        "mask2former": mask2former.write,
        "hiervl": hiervl,
        "end_to_end": end_to_end.write,
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--peer", type=Path, required=True)
    p.add_argument("--out", type=Path, default=Path("src/test/resources/golden"))
    p.add_argument("--topic", action="append")
    args = p.parse_args()
    sys.path.insert(0, str(args.peer))
    torch.set_num_threads(1)
    for name, write in writers().items():
        if args.topic and name not in args.topic:
            continue
        shutil.rmtree(args.out / name, ignore_errors=True)
        topic = Topic(args.out, name, VERSIONS)
        write(topic)
        topic.close()
        size = sum(f.stat().st_size for f in topic.folder.iterdir())
        print(f"{name}: {len(topic.cases)} cases, {size / 1024:.0f} KiB")


main()
