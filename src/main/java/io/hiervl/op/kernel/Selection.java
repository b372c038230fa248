package io.hiervl.op.kernel;

/** Order statistics without sorting. */
final class Selection {
    private Selection() {
    }

    /** The value that would stand at index k after sorting; reorders a. No value may be NaN. */
    static double smallest(double[] a, int k) {
        int from = 0;
        int to = a.length - 1;
        while (from < to) {
            double pivot = a[(from + to) >>> 1];
            int i = from;
            int j = to;
            while (i <= j) {
                while (a[i] < pivot) {
                    i++;
                }
                while (a[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    double swap = a[i];
                    a[i++] = a[j];
                    a[j--] = swap;
                }
            }
            if (k <= j) {
                to = j;
            } else if (k >= i) {
                from = i;
            } else {
                return a[k];
            }
        }
        return a[k];
    }
}
