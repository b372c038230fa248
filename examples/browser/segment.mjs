/*
 * Labels of a photo by an exported model, in a browser, with onnxruntime-web. The same windows, the same weights and the same
 * rule as `hiervl predict`: probabilities of overlapping windows are averaged. For models without `short_side`.
 */

/** Where windows begin along a side of n pixels: every stride pixels, and the last one at the end. */
function starts(n, size, stride) {
  return Array.from({ length: Math.ceil((n - size) / stride) + 1 }, (_, i) => Math.min(i * stride, n - size));
}

/** Weights (size, size) of a window: most in the middle, hardly any at the rim, so that no edge shows. */
function weights(size) {
  const fade = Float64Array.from({ length: size }, (_, i) => Math.max(1e-3, Math.sin(Math.PI * (i + 0.5) / size) ** 2));
  return Float64Array.from({ length: size * size }, (_, p) => fade[Math.floor(p / size)] * fade[p % size]);
}

/** A window (3, size, size) of the photo, normalised; outside the photo is the mean colour, which is 0. */
function cut(photo, left, top, size, rules) {
  const { data, width, height } = photo;
  const chw = new Float32Array(3 * size * size);
  for (let y = 0; y < Math.min(size, height - top); y++) {
    for (let x = 0; x < Math.min(size, width - left); x++) {
      for (let c = 0; c < 3; c++) {
        const value = data[4 * ((top + y) * width + left + x) + c];
        chw[(c * size + y) * size + x] = (value * rules.rescale_factor - rules.image_mean[c]) / rules.image_std[c];
      }
    }
  }
  return chw;
}

/** Adds the softmax over classes of a window's scores, times its weights, to the sums (classes, height, width). */
function add(sums, width, height, scores, classes, left, top, size, weight) {
  const p = new Float64Array(classes);
  for (let i = 0; i < size * size; i++) {
    const y = top + Math.floor(i / size);
    const x = left + i % size;
    if (y >= height || x >= width) {
      continue;
    }
    let largest = -Infinity;
    for (let k = 0; k < classes; k++) {
      largest = Math.max(largest, scores[k * size * size + i]);
    }
    let total = 0;
    for (let k = 0; k < classes; k++) {
      p[k] = Math.exp(scores[k * size * size + i] - largest);
      total += p[k];
    }
    for (let k = 0; k < classes; k++) {
      sums[(k * height + y) * width + x] += weight[i] * p[k] / total;
    }
  }
}

/**
 * Labels of a photo.
 *
 * @param ort     the module onnxruntime-web
 * @param session of the exported file: await ort.InferenceSession.create("model.onnx")
 * @param config  config.json, which `hiervl export --card` writes beside the model
 * @param rules   preprocessor_config.json of the same folder
 * @param photo   ImageData: RGBA bytes, width, height
 * @returns Uint8Array of class indices, row after row
 */
export async function segment(ort, session, config, rules, photo) {
  const size = config.image_size;
  const classes = config.num_labels;
  const stride = Number(config.windows.stride);
  const { width, height } = photo;
  const weight = weights(size);
  const sums = new Float64Array(classes * width * height);
  for (const top of starts(Math.max(height, size), size, stride)) {
    for (const left of starts(Math.max(width, size), size, stride)) {
      const images = new ort.Tensor("float32", cut(photo, left, top, size, rules), [1, 3, size, size]);
      const { scores } = await session.run({ images });
      add(sums, width, height, scores.data, classes, left, top, size, weight);
    }
  }
  const labels = new Uint8Array(width * height);
  for (let i = 0; i < labels.length; i++) {
    for (let k = 1; k < classes; k++) {
      if (sums[k * labels.length + i] > sums[labels[i] * labels.length + i]) {
        labels[i] = k;
      }
    }
  }
  return labels;
}
