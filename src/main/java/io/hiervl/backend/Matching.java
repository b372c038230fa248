package io.hiervl.backend;

import io.hiervl.Content;
import java.util.Arrays;

/**
 * Fixed matching (docs/paper.md 7.1, 7.3 and 0.6): which class every query row stands for, as a function of the label map
 * alone. Text rows match their class on every level; visual rows match connected components by the grid slot of the mass
 * centre.
 *
 * @param classes  K
 * @param levels   L
 * @param visual   M, a square number for slots, else visual rows stay empty
 * @param stride   cells of components: cell (i,j) is pixel (stride*i, stride*j)
 * @param minCells smallest component in cells
 * @param things   classes whose components get slots, null for all
 */
public record Matching(int classes, int levels, int visual, int stride, int minCells, boolean[] things) {
    /** Class of rows of images without any valid pixel: they take no part in the loss. */
    public static final int NOT_COUNTED = -100;

    /**
     * Targets of one image.
     *
     * @param rowClass class of each of the K*L+M rows, K for no object, -100 for not counted
     * @param slots    slot index or -1 per cell (height/stride rounded up, row by row)
     * @param presence 0 or 1 per class
     */
    public record Targets(int[] rowClass, int[] slots, int[] presence) {
        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    private record Component(int label, int cells, int first, double y, double x) {
    }

    /** Number of rows. */
    public int rows() {
        return classes * levels + visual;
    }

    /** Cells along an axis of this many pixels. */
    public int cells(int pixels) {
        return (pixels + stride - 1) / stride;
    }

    /** Targets for labels of height x width; values outside 0..K-1 are ignored pixels. */
    public Targets match(double[] labels, int height, int width) {
        int[] presence = new int[classes];
        boolean any = false;
        for (double v : labels) {
            if (v >= 0 && v < classes) {
                presence[(int) v] = 1;
                any = true;
            }
        }
        int[] rowClass = new int[rows()];
        int h = cells(height);
        int w = cells(width);
        int[] slots = new int[h * w];
        Arrays.fill(slots, -1);
        if (!any) {
            Arrays.fill(rowClass, NOT_COUNTED);
            return new Targets(rowClass, slots, presence);
        }
        Arrays.fill(rowClass, classes);
        for (int l = 0; l < levels; l++) {
            for (int k = 0; k < classes; k++) {
                rowClass[l * classes + k] = presence[k] == 1 ? k : classes;
            }
        }
        int grid = (int) Math.round(Math.sqrt(visual));
        if (visual > 0 && grid * grid == visual) {
            int[] small = new int[h * w];
            for (int i = 0; i < h; i++) {
                for (int j = 0; j < w; j++) {
                    double v = labels[i * stride * width + j * stride];
                    small[i * w + j] = v >= 0 && v < classes ? (int) v : -1;
                }
            }
            fill(small, h, w, grid, rowClass, slots);
        }
        return new Targets(rowClass, slots, presence);
    }

    private void fill(int[] small, int h, int w, int grid, int[] rowClass, int[] slots) {
        int[] component = new int[h * w];
        Component[] found = components(small, h, w, component);
        Integer[] order = new Integer[found.length];
        Arrays.setAll(order, i -> i);
        // largest first; ties by class, then by the first cell
        Arrays.sort(order, (a, b) -> {
            int byArea = Integer.compare(found[b].cells, found[a].cells);
            int byClass = byArea != 0 ? byArea : Integer.compare(found[a].label, found[b].label);
            return byClass != 0 ? byClass : Integer.compare(found[a].first, found[b].first);
        });
        int[] owner = new int[visual];
        Arrays.fill(owner, -1);
        boolean[] lost = new boolean[found.length];
        for (int i : order) {
            int home = home(found[i], grid);
            if (owner[home] < 0) {
                owner[home] = i;
            } else {
                lost[i] = true;
            }
        }
        for (int i : order) {
            if (lost[i]) {
                int slot = nearestFree(found[i], grid, owner);
                if (slot >= 0) {
                    owner[slot] = i;
                }
            }
        }
        int[] slotOf = new int[found.length];
        Arrays.fill(slotOf, -1);
        for (int s = 0; s < visual; s++) {
            if (owner[s] >= 0) {
                slotOf[owner[s]] = s;
                rowClass[classes * levels + s] = found[owner[s]].label;
            }
        }
        for (int i = 0; i < component.length; i++) {
            slots[i] = component[i] < 0 ? -1 : slotOf[component[i]];
        }
    }

    private static int home(Component c, int grid) {
        return Math.min(grid - 1, (int) (c.y * grid)) * grid + Math.min(grid - 1, (int) (c.x * grid));
    }

    /** The free one of the eight neighbours of the home slot whose centre is nearest to the mass centre, or -1. */
    private static int nearestFree(Component c, int grid, int[] owner) {
        int home = home(c, grid);
        int best = -1;
        double nearest = Double.POSITIVE_INFINITY;
        for (int y = home / grid - 1; y <= home / grid + 1; y++) {
            for (int x = home % grid - 1; x <= home % grid + 1; x++) {
                if (y < 0 || x < 0 || y >= grid || x >= grid || owner[y * grid + x] >= 0) {
                    continue;
                }
                double dy = (y + 0.5) / grid - c.y;
                double dx = (x + 0.5) / grid - c.x;
                // a clear advantage is needed, so that rounding cannot decide between equal distances
                if (dy * dy + dx * dx < nearest - 1e-12) {
                    nearest = dy * dy + dx * dx;
                    best = y * grid + x;
                }
            }
        }
        return best;
    }

    /** Components of 8 neighbours of eligible classes and sufficient size; component[i] is their index or -1. */
    private Component[] components(int[] small, int h, int w, int[] component) {
        Arrays.fill(component, -1);
        boolean[] seen = new boolean[h * w];
        int[] queue = new int[h * w];
        Component[] found = new Component[h * w];
        int count = 0;
        for (int start = 0; start < small.length; start++) {
            int label = small[start];
            if (seen[start] || label < 0 || things != null && !things[label]) {
                continue;
            }
            int size = 0;
            queue[size++] = start;
            seen[start] = true;
            double sumY = 0;
            double sumX = 0;
            for (int next = 0; next < size; next++) {
                int y = queue[next] / w;
                int x = queue[next] % w;
                sumY += y + 0.5;
                sumX += x + 0.5;
                for (int ny = Math.max(0, y - 1); ny <= Math.min(h - 1, y + 1); ny++) {
                    for (int nx = Math.max(0, x - 1); nx <= Math.min(w - 1, x + 1); nx++) {
                        int n = ny * w + nx;
                        if (!seen[n] && small[n] == label) {
                            seen[n] = true;
                            queue[size++] = n;
                        }
                    }
                }
            }
            if (size >= minCells) {
                for (int i = 0; i < size; i++) {
                    component[queue[i]] = count;
                }
                found[count++] = new Component(label, size, start, sumY / size / h, sumX / size / w);
            }
        }
        return Arrays.copyOf(found, count);
    }

    @Override
    public boolean equals(Object other) {
        return Content.equal(this, other);
    }

    @Override
    public int hashCode() {
        return Content.hash(this);
    }

    @Override
    public String toString() {
        return Content.text(this);
    }
}
