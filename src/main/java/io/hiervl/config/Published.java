package io.hiervl.config;

import io.hiervl.PublicApi;

/**
 * A published split and what the paper reports on it (arXiv 2506.13925, table 1). Nothing here was measured with this
 * program. Safe for several threads.
 *
 * @param labelled   labelled images of the split
 * @param unlabelled unlabelled images of the split
 * @param steps      optimiser steps of the paper's schedule
 * @param miou       the paper's mIoU in percent, the best checkpoint chosen on the validation images
 * @param list       fingerprint of the published labelled list: the first 12 hexadecimal digits of SHA-256 over its image
 *                   paths, sorted, with line feeds between them
 */
@PublicApi
public record Published(int labelled, int unlabelled, int steps, double miou, String list) {
}
