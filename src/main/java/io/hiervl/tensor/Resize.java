package io.hiervl.tensor;

/**
 * Interpolation of maps as in PyTorch with align_corners False and without antialiasing: BICUBIC uses a = -0.75, NEAREST
 * source index floor(dst * in / out).
 */
public enum Resize { BILINEAR, BICUBIC, NEAREST }
