"""FastAPI and onnxruntime with an exported file: what 'hiervl serve' is compared with (docs/speed.md).

    MODEL=model.onnx uvicorn --port 8091 --log-level warning peer:app
"""
import io
import json
import os

import numpy
import onnxruntime
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from PIL import Image

options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.intra_op.allow_spinning", os.environ.get("SPIN", "0"))
session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
meta = session.get_modelmeta().custom_metadata_map
description = json.loads(meta["hiervl.meta"])
classes = json.loads(meta["classes"])
mean, std = (numpy.array(json.loads(meta[k]), numpy.float32) for k in ("mean", "std"))
size, stride = description["height"], int(description["attributes"]["stride"])
fade = numpy.maximum(1e-3, numpy.sin(numpy.pi * (numpy.arange(size) + 0.5) / size) ** 2)
weight = numpy.outer(fade, fade).astype(numpy.float32)
app = FastAPI()


def starts(n):
    return [min(i * stride, n - size) for i in range(-(-(n - size) // stride) + 1)]


def segment(photo):
    """The function of docs/export.md, with the probability of the best class beside it."""
    height, width = photo.shape[:2]
    full = numpy.zeros((max(height, size), max(width, size), 3), numpy.float32)
    full[:height, :width] = (photo / numpy.float32(255) - mean) / std
    total = numpy.zeros((len(classes),) + full.shape[:2], numpy.float32)
    weights = numpy.zeros(full.shape[:2], numpy.float32)
    for y in starts(full.shape[0]):
        for x in starts(full.shape[1]):
            window = numpy.ascontiguousarray(full[y:y + size, x:x + size].transpose(2, 0, 1)[None])
            z = session.run(["scores"], {"images": window})[0][0]
            p = numpy.exp(z - z.max(0))
            total[:, y:y + size, x:x + size] += weight * p / p.sum(0)
            weights[y:y + size, x:x + size] += weight
    total = (total / weights)[:, :height, :width]
    return total.argmax(0).astype(numpy.uint8), total.max(0)


def answer(body, form):
    photo = numpy.asarray(Image.open(io.BytesIO(body)).convert("RGB"))
    labels, score = segment(photo)
    if form == "index":
        out = io.BytesIO()
        Image.fromarray(labels).save(out, "png")
        return Response(out.getvalue(), media_type="image/png")
    areas = []
    for k in numpy.unique(labels):
        there = labels == k
        areas.append({"index": int(k), "name": classes[k], "pixels": int(there.sum()), "fraction": float(there.mean()),
                      "mean_score": float(score[there].mean())})
    areas.sort(key=lambda a: -a["pixels"])
    return Response(json.dumps({"photos": [{"width": photo.shape[1], "height": photo.shape[0], "classes": areas}]}),
                    media_type="application/json")


@app.post("/v1/segment")
async def post(request: Request):
    body = await request.body()
    return await run_in_threadpool(answer, body, request.query_params.get("as", "json"))
