package io.hiervl.graph;

import io.hiervl.tensor.Activation;
import io.hiervl.tensor.Resize;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.autodiff.samediff.NameScope;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link Ops} written with nothing but ND4J's own ops, and of these only ones whose forward pass was found right in
 * 1.0.0-M2.1 (positive reduction axes, matrix products of equal rank, resizing by constant matrices). For inference:
 * gradients are not promised, ND4J's gather has a wrong one.
 */
public final class StockOps implements Ops {
    private final SameDiff sd;
    private final DataType type;
    private final Map<String, long[]> shapes = new HashMap<>();

    /** @param type data type of placeholders, FLOAT or DOUBLE */
    public StockOps(SameDiff sd, DataType type) {
        this.sd = sd;
        this.type = type;
    }

    @Override
    public SameDiff sd() {
        return sd;
    }

    @Override
    public long[] shape(SDVariable x) {
        long[] known = shapes.get(x.name());
        if (known != null) {
            return known.clone();
        }
        INDArray array = x.getArr();
        if (array == null) {
            throw new IllegalStateException("the shape of " + x.name() + " is not known");
        }
        return array.shape().clone();
    }

    private SDVariable is(SDVariable x, long... shape) {
        shapes.put(x.name(), shape);
        return x;
    }

    @Override
    public SDVariable named(SDVariable x, String name) {
        long[] s = shape(x);
        shapes.remove(x.name());
        return is(x.rename(name), s);
    }

    @Override
    public Ops in(String path) {
        return PathOps.of(this, () -> {
            NameScope scope = sd.withNameScope(path);
            return scope::close;
        });
    }

    @Override
    public SDVariable constant(String name, INDArray value) {
        String place = sd.currentNameScope() == null ? "" : sd.currentNameScope() + "/";
        String unique = name;
        for (int i = 1; sd.hasVariable(unique) || sd.hasVariable(place + unique); i++) {
            unique = name + "_" + i;
        }
        return is(sd.constant(unique, value), value.shape().clone());
    }

    @Override
    public SDVariable placeholder(String name, long... shape) {
        return is(sd.placeHolder(name, type, shape), shape);
    }

    @Override
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable b, Activation activation) {
        long[] s = shape(x);
        long in = s[s.length - 1];
        long out = shape(w)[0];
        SDVariable y = sd.mmul(x.reshape(-1, in), w, false, true, false);
        if (b != null) {
            y = y.add(b.reshape(1, out));
        }
        long[] result = s.clone();
        result[s.length - 1] = out;
        return activation(is(y.reshape(result), result), activation);
    }

    @Override
    public SDVariable layerNorm(SDVariable x, SDVariable gamma, SDVariable beta, double eps) {
        long[] s = shape(x);
        long n = s[s.length - 1];
        SDVariable y = normalise(x.reshape(-1, n), eps).mul(gamma.reshape(1, n)).add(beta.reshape(1, n));
        return is(y.reshape(s), s);
    }

    /** Rows of a matrix with mean 0 and variance 1. */
    private SDVariable normalise(SDVariable rows, double eps) {
        SDVariable centred = rows.sub(rows.mean(true, 1));
        return centred.div(sd.math.sqrt(centred.mul(centred).mean(true, 1).add(eps)));
    }

    @Override
    public SDVariable groupNorm(SDVariable x, SDVariable gamma, SDVariable beta, int groups, double eps) {
        long[] s = shape(x);
        SDVariable y = normalise(x.reshape(s[0] * groups, s[1] / groups * s[2] * s[3]), eps).reshape(s);
        return is(y.mul(gamma.reshape(1, s[1], 1, 1)).add(beta.reshape(1, s[1], 1, 1)), s);
    }

    @Override
    public SDVariable activation(SDVariable x, Activation activation) {
        long[] s = shape(x);
        return switch (activation) {
            case NONE -> x;
            case RELU -> is(sd.nn.relu(x, 0), s);
            case SIGMOID -> is(sd.nn.sigmoid(x), s);
            case QUICK_GELU -> is(x.mul(sd.nn.sigmoid(x.mul(1.702))), s);
            case GELU -> is(x.mul(0.5).mul(sd.math.erf(x.mul(Math.sqrt(0.5))).add(1)), s);
        };
    }

    @Override
    public SDVariable attention(SDVariable q, SDVariable k, SDVariable v, int heads, SDVariable keyBias, SDVariable mask, boolean causal) {
        long[] s = shape(q);
        long b = s[0];
        long tq = s[1];
        long d = s[2];
        long tk = shape(k)[1];
        SDVariable logits = sd.mmul(heads(q, heads), heads(k, heads), false, true, false).mul(1 / Math.sqrt((double) d / heads));
        if (keyBias != null) {
            logits = logits.add(keyBias.reshape(b, 1, 1, tk));
        }
        if (mask != null) {
            logits = logits.add(mask.sub(1).mul(1e9).reshape(b, 1, tq, tk));
        }
        if (causal) {
            INDArray blocked = Nd4j.zeros(type, 1, 1, tq, tk);
            for (int i = 0; i < tq; i++) {
                for (int j = i + 1; j < tk; j++) {
                    blocked.putScalar(new int[] {0, 0, i, j}, -1e9);
                }
            }
            logits = logits.add(constant("causal", blocked));
        }
        SDVariable y = sd.mmul(sd.nn.softmax(logits, 3), heads(v, heads));
        return is(y.permute(0, 2, 1, 3).reshape(b, tq, d), b, tq, d);
    }

    private SDVariable heads(SDVariable x, int heads) {
        long[] s = shape(x);
        return x.reshape(s[0], s[1], heads, s[2] / heads).permute(0, 2, 1, 3);
    }

    @Override
    public SDVariable packedAttention(SDVariable qkv, int heads, boolean causal) {
        long d = shape(qkv)[2] / 3;
        return attention(slice(qkv, 2, 0, d), slice(qkv, 2, d, 2 * d), slice(qkv, 2, 2 * d, 3 * d), heads, null, null, causal);
    }

    @Override
    public SDVariable deformableAttention(SDVariable value, SDVariable offsets, SDVariable weights, SDVariable reference,
                                          int[][] levels, int heads, int points) {
        return new StockDeformableAttention(this, type).apply(value, offsets, weights, reference, levels, heads, points);
    }

    @Override
    public SDVariable conv2d(SDVariable x, SDVariable w, SDVariable b, int stride, int padding) {
        long[] s = shape(x);
        long[] k = shape(w);
        Conv2DConfig config = Conv2DConfig.builder().kH(k[2]).kW(k[3]).sH(stride).sW(stride).pH(padding).pW(padding)
            .paddingMode(org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode.VALID).dataFormat("NCHW").build();
        // Kernels in ND4J's own order: the PyTorch order is accepted but goes wrong elsewhere in M2.1.
        SDVariable kernel = w.permute(2, 3, 1, 0);
        SDVariable y = b == null ? sd.cnn.conv2d(x, kernel, config) : sd.cnn.conv2d(x, kernel, b, config);
        return is(y, s[0], k[0], (s[2] + 2L * padding - k[2]) / stride + 1, (s[3] + 2L * padding - k[3]) / stride + 1);
    }

    @Override
    public SDVariable upConv2x2(SDVariable x, SDVariable w, SDVariable b) {
        long[] s = shape(x);
        long out = shape(w)[1];
        SDVariable pixels = x.permute(0, 2, 3, 1).reshape(-1, s[1]);
        SDVariable y = sd.mmul(pixels, w.reshape(s[1], out * 4)).reshape(s[0], s[2], s[3], out, 2, 2).permute(0, 3, 1, 4, 2, 5);
        return is(y.reshape(s[0], out, 2 * s[2], 2 * s[3]).add(b.reshape(1, out, 1, 1)), s[0], out, 2 * s[2], 2 * s[3]);
    }

    @Override
    public SDVariable maxPool2x2(SDVariable x) {
        long[] s = shape(x);
        long h = s[2] / 2;
        long w = s[3] / 2;
        SDVariable even = slice(slice(x, 2, 0, 2 * h), 3, 0, 2 * w);
        SDVariable columns = even.reshape(s[0], s[1], 2 * h, w, 2).max(4).reshape(s[0], s[1], h, 2, w).max(3);
        return is(columns.reshape(s[0], s[1], h, w), s[0], s[1], h, w);
    }

    @Override
    public SDVariable resize(SDVariable x, int height, int width, Resize mode) {
        long[] s = shape(x);
        if (s[2] == height && s[3] == width) {
            return x;
        }
        SDVariable right = matrix((int) s[3], width, mode);
        SDVariable left = matrix((int) s[2], height, mode);
        SDVariable rows = sd.mmul(x.reshape(-1, s[3]), right).reshape(s[0] * s[1], s[2], width).permute(0, 2, 1).reshape(-1, s[2]);
        SDVariable y = sd.mmul(rows, left).reshape(s[0] * s[1], width, height).permute(0, 2, 1);
        return is(y.reshape(s[0], s[1], height, width), s[0], s[1], height, width);
    }

    private SDVariable matrix(int in, int out, Resize mode) {
        String name = "resize_" + mode.name().toLowerCase(java.util.Locale.ROOT) + "_" + in + "_" + out;
        return sd.hasVariable(name) ? sd.getVariable(name)
            : constant(name, Nd4j.create(ResizeMatrix.of(in, out, mode)).castTo(type).transpose().dup('c'));
    }

    @Override
    public SDVariable attentionMask(SDVariable maskLogits, int height, int width) {
        long[] s = shape(maskLogits);
        SDVariable small = resize(maskLogits, height, width, Resize.BILINEAR).reshape(s[0], s[1], (long) height * width);
        SDVariable open = small.gte(0.0).castTo(type);
        SDVariable any = open.max(true, 2);
        return is(open.add(any.mul(-1).add(1)), s[0], s[1], (long) height * width);
    }

    @Override
    public SDVariable bmm(SDVariable a, SDVariable b, boolean transposeA, boolean transposeB) {
        long[] sa = shape(a);
        long[] sb = shape(b);
        int ra = sa.length;
        long m = sa[transposeA ? ra - 1 : ra - 2];
        long k = sa[transposeA ? ra - 2 : ra - 1];
        long n = sb[transposeB ? sb.length - 2 : sb.length - 1];
        long[] result = sa.clone();
        result[ra - 2] = m;
        result[ra - 1] = n;
        long batches = Arrays.stream(sa, 0, ra - 2).reduce(1, Math::multiplyExact);
        SDVariable y;
        if (sb.length == 2) {
            SDVariable left = transposeA ? a.reshape(batches, k, m).permute(0, 2, 1).reshape(batches * m, k) : a.reshape(batches * m, k);
            y = sd.mmul(left, b, false, transposeB, false);
        } else {
            y = sd.mmul(a.reshape(batches, sa[ra - 2], sa[ra - 1]), b.reshape(batches, sb[sb.length - 2], sb[sb.length - 1]),
                transposeA, transposeB, false);
        }
        return is(y.reshape(result), result);
    }

    @Override
    public SDVariable softmax(SDVariable x) {
        long[] s = shape(x);
        return is(sd.nn.softmax(x.reshape(-1, s[s.length - 1]), 1).reshape(s), s);
    }

    @Override
    public SDVariable l2Normalize(SDVariable x, double eps) {
        long[] s = shape(x);
        SDVariable rows = x.reshape(-1, s[s.length - 1]);
        return is(rows.div(sd.math.sqrt(rows.mul(rows).sum(true, 1).add(eps))).reshape(s), s);
    }

    @Override
    public SDVariable log(SDVariable x, double eps) {
        return is(sd.math.log(x.add(eps)), shape(x));
    }

    @Override
    public SDVariable add(SDVariable a, SDVariable b) {
        long[] result = broadcastShape(shape(a), shape(b));
        return is(expand(a, result.length).add(expand(b, result.length)), result);
    }

    @Override
    public SDVariable mul(SDVariable a, SDVariable b) {
        long[] result = broadcastShape(shape(a), shape(b));
        return is(expand(a, result.length).mul(expand(b, result.length)), result);
    }

    /** Puts axes of length 1 in front. */
    private SDVariable expand(SDVariable x, int rank) {
        long[] s = shape(x);
        if (s.length == rank) {
            return x;
        }
        long[] full = new long[rank];
        Arrays.fill(full, 1);
        System.arraycopy(s, 0, full, rank - s.length, s.length);
        return x.reshape(full);
    }

    /** Shape of a broadcast result; fails if the shapes do not fit. */
    static long[] broadcastShape(long[] a, long[] b) {
        long[] result = new long[Math.max(a.length, b.length)];
        for (int i = 1; i <= result.length; i++) {
            long x = i <= a.length ? a[a.length - i] : 1;
            long y = i <= b.length ? b[b.length - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException("shapes " + Arrays.toString(a) + " and " + Arrays.toString(b) + " do not broadcast");
            }
            result[result.length - i] = Math.max(x, y);
        }
        return result;
    }

    @Override
    public SDVariable scale(SDVariable x, double factor, double offset) {
        return is(x.mul(factor).add(offset), shape(x));
    }

    @Override
    public SDVariable concat(int axis, SDVariable... x) {
        long[] s = shape(x[0]);
        s[axis] = Arrays.stream(x).mapToLong(v -> shape(v)[axis]).sum();
        return is(x.length == 1 ? x[0] : sd.concat(axis, x), s);
    }

    @Override
    public SDVariable slice(SDVariable x, int axis, long from, long to) {
        long[] s = shape(x);
        if (from == 0 && to == s[axis]) {
            return x;
        }
        int[] begin = new int[s.length];
        int[] size = Arrays.stream(s).mapToInt(Math::toIntExact).toArray();
        begin[axis] = Math.toIntExact(from);
        size[axis] = Math.toIntExact(to - from);
        s[axis] = to - from;
        return is(sd.slice(x, begin, size), s);
    }

    @Override
    public SDVariable reshape(SDVariable x, long... shape) {
        long[] s = shape.clone();
        long known = 1;
        int open = -1;
        for (int i = 0; i < s.length; i++) {
            if (s[i] == -1) {
                open = i;
            } else {
                known *= s[i];
            }
        }
        if (open >= 0) {
            s[open] = Arrays.stream(shape(x)).reduce(1, Math::multiplyExact) / known;
        }
        return is(x.reshape(s), s);
    }

    @Override
    public SDVariable permute(SDVariable x, int... axes) {
        long[] s = shape(x);
        long[] result = Arrays.stream(axes).mapToLong(a -> s[a]).toArray();
        return is(x.permute(axes), result);
    }

    @Override
    public SDVariable broadcast(SDVariable x, long... shape) {
        return is(expand(x, shape.length).add(constant("zeros", Nd4j.zeros(type, shape))), shape);
    }

    @Override
    public SDVariable sum(SDVariable x) {
        return is(x.reshape(1, -1).sum(true, 1).reshape(1), 1);
    }

    @Override
    public SDVariable stopGradient(SDVariable x) {
        return x;
    }
}
