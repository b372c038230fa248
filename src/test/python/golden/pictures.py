"""Topic image: Pillow's and torchvision's arithmetic on a drawn picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from torchvision.transforms import functional as T

from fixture import Topic, rng

H, W = 44, 58
EXACT = {"exact": True}
ONE = {"max_abs": 1}
HUE = {"max_abs": 2, "mean_abs": 0.2}
CHAIN = {"max_abs": 4, "mean_abs": 0.5}
BLUR = {"max_abs": 2, "mean_abs": 0.3}


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """A picture of waves, discs and noise, and a label map of the discs."""
    g = rng("picture")
    y, x = np.mgrid[0:H, 0:W]
    planes = [127 + 90 * np.sin(x / a + y / b + c) for a, b, c in ((9, 17, 0), (15, 7, 1), (23, 11, 2))]
    rgb = np.stack(planes, -1) + g.normal(0, 8, (H, W, 3))
    mask = np.zeros((H, W), dtype=np.uint8)
    for k, (cy, cx, r) in enumerate(((12, 15, 8), (28, 41, 11), (33, 12, 6)), 1):
        disc = (y - cy) ** 2 + (x - cx) ** 2 <= r * r
        rim = ((y - cy) ** 2 + (x - cx) ** 2 <= (r + 1) ** 2) & ~disc
        rgb[disc] = rgb[disc] * 0.3 + g.uniform(0, 180, 3)
        mask[disc], mask[rim] = 3 * k, 255
    return rgb.clip(0, 255).astype(np.uint8), mask


class Pictures:
    def __init__(self, topic: Topic):
        self.topic = topic

    def add(
        self, case: str, op: str, config: dict, tensors: dict[str, tuple[str, np.ndarray, dict | None]], files: dict[str, str] | None = None
    ) -> None:
        entries = []
        for name, (role, value, tol) in tensors.items():
            file = (files or {}).get(name, f"{case}.{name}.npy")
            np.save(self.topic.folder / file, value)
            entry = {"name": name, "role": role, "shape": list(value.shape), "dtype": str(value.dtype), "file": file}
            if tol is not None:
                entry["tolerance"] = tol
            entries.append(entry)
        self.topic.cases.append({"case": case, "op": op, "config": config, "tensors": entries})

    def out(self, case: str, op: str, config: dict, image, tol: dict, source: str = "rgb") -> None:
        self.add(case, op, {**config, "input": f"source.{source}.npy"}, {"out": ("output", np.asarray(image), tol)})


def write(topic: Topic) -> None:
    rgb, mask = drawn()
    p = Pictures(topic)
    photo, labels = Image.fromarray(rgb), Image.fromarray(mask)
    photo.save(topic.folder / "drawn.jpg", quality=88)
    palette = Image.fromarray(mask, "P")
    palette.putpalette([(37 * i * c) % 256 for i in range(256) for c in (1, 3, 5)])
    palette.save(topic.folder / "drawn.png")
    p.add(
        "decode",
        "decode",
        {"jpeg": "drawn.jpg", "mask_png": "drawn.png"},
        {
            "rgb": ("output", np.asarray(Image.open(topic.folder / "drawn.jpg").convert("RGB")), {"max_abs": 8, "mean_abs": 0.6}),
            "mask": ("output", np.asarray(Image.open(topic.folder / "drawn.png")), EXACT),
        },
    )
    p.add("source", "source", {}, {"rgb": ("input", rgb, None), "mask": ("input", mask, None)})
    sizes = {"down": (31, 23), "up": (71, 60), "mixed": (37, 59), "third": (19, 15), "flat": (58, 7)}
    for name, size in sizes.items():
        config = {"width": size[0], "height": size[1]}
        p.out(f"bilinear_{name}", "resize_pil", {**config, "mode": "bilinear"}, photo.resize(size, Image.BILINEAR), ONE)
        p.out(f"nearest_{name}", "resize_pil", {**config, "mode": "nearest"}, labels.resize(size, Image.NEAREST), EXACT, "mask")
    p.out("bicubic_down", "resize_pil", {"width": 31, "height": 23, "mode": "bicubic"}, photo.resize((31, 23), Image.BICUBIC), ONE)
    p.out("bicubic_up", "resize_pil", {"width": 71, "height": 60, "mode": "bicubic"}, photo.resize((71, 60), Image.BICUBIC), ONE)
    p.out("pad_image", "pad", {"right": 13, "bottom": 6, "fill": 0}, ImageOps.expand(photo, (0, 0, 13, 6), 0), EXACT)
    p.out("pad_mask", "pad", {"right": 13, "bottom": 6, "fill": 255}, ImageOps.expand(labels, (0, 0, 13, 6), 255), EXACT, "mask")
    p.out("crop_image", "crop", {"left": 7, "top": 9, "width": 33, "height": 28}, photo.crop((7, 9, 40, 37)), EXACT)
    p.out("crop_mask", "crop", {"left": 7, "top": 9, "width": 33, "height": 28}, labels.crop((7, 9, 40, 37)), EXACT, "mask")
    p.out("hflip", "hflip", {}, ImageOps.mirror(photo), EXACT)
    p.out("hflip_mask", "hflip", {}, ImageOps.mirror(labels), EXACT, "mask")
    colours(p, photo)
    raw = rng("ade").integers(0, 151, (8, 11)).astype(np.uint8)
    raw[0, :3] = 0
    reduced = np.where(raw == 0, 255, raw - 1).astype(np.uint8)
    p.add("ade_reduce_zero", "ade_reduce_zero", {}, {"raw": ("input", raw, None), "out": ("output", reduced, EXACT)})
    chain(p, photo, labels)


STEPS = {"brightness": T.adjust_brightness, "contrast": T.adjust_contrast, "saturation": T.adjust_saturation, "hue": T.adjust_hue}


def colours(p: Pictures, photo: Image.Image) -> None:
    for name, factors in {"brightness": (0.7, 1.45), "contrast": (0.55, 1.3), "saturation": (0.6, 1.5), "hue": (-0.2, 0.13)}.items():
        for i, factor in enumerate(factors):
            p.out(f"jitter_{name}_{i}", "jitter_" + name, {"factor": factor}, STEPS[name](photo, factor), HUE if name == "hue" else ONE)
    for i, order in enumerate((["contrast", "hue", "brightness", "saturation"], ["saturation", "brightness", "hue", "contrast"])):
        factors = {"brightness": (0.8, 1.2)[i], "contrast": (1.25, 0.75)[i], "saturation": (0.65, 1.35)[i], "hue": (0.11, -0.17)[i]}
        image = photo
        for step in order:
            image = STEPS[step](image, factors[step])
        p.out(f"jitter_chain_{i}", "jitter_chain", {"order": order, "factors": factors}, image, CHAIN)
    p.out("grayscale", "grayscale", {}, photo.convert("L").convert("RGB"), ONE)
    for i, radius in enumerate((0.3, 0.9, 1.7)):
        p.out(f"gaussian_blur_{i}", "gaussian_blur", {"radius": radius}, photo.filter(ImageFilter.GaussianBlur(radius)), BLUR)


def chain(p: Pictures, photo: Image.Image, labels: Image.Image) -> None:
    """Resize to a longer side of 53, pad to the crop, crop, flip."""
    long_side, crop = 53, 44
    size = (long_side, int(H * long_side / W + 0.5))
    left, top = 6, 0
    out = []
    for image, mode, fill in ((photo, Image.BILINEAR, 0), (labels, Image.NEAREST, 254)):
        r = image.resize(size, mode)
        r = ImageOps.expand(r, (0, 0, max(0, crop - size[0]), max(0, crop - size[1])), fill)
        out.append(np.asarray(ImageOps.mirror(r.crop((left, top, left + crop, top + crop)))))
    p.add(
        "geometry_chain",
        "geometry_chain",
        {"resized": list(size), "crop": crop, "left": left, "top": top, "flip": True, "inputs": ["source.rgb.npy", "source.mask.npy"]},
        {"image": ("output", out[0], ONE), "mask": ("output", out[1], EXACT)},
    )
