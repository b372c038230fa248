package io.hiervl.backend;

/**
 * Sizes of a convolution with equal stride and zero padding in both directions: x (batch,in,height,width),
 * w (out,in,kh,kw), y (batch,out,outHeight,outWidth).
 */
public record ConvShape(int batch, int in, int height, int width, int out, int kh, int kw, int stride, int padding) {
    public int outHeight() {
        return (height + 2 * padding - kh) / stride + 1;
    }

    public int outWidth() {
        return (width + 2 * padding - kw) / stride + 1;
    }

    public static ConvShape of(long[] x, long[] w, int stride, int padding) {
        if (x.length != 4 || w.length != 4 || x[1] != w[1]) {
            throw new IllegalArgumentException("convolution of " + java.util.Arrays.toString(x) + " with weights "
                + java.util.Arrays.toString(w));
        }
        return new ConvShape((int) x[0], (int) x[1], (int) x[2], (int) x[3], (int) w[0], (int) w[2], (int) w[3], stride, padding);
    }
}
