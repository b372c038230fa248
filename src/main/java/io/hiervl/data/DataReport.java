package io.hiervl.data;

import java.util.List;

/**
 * What {@link DataCheck} found. Component names are the keys of {@code data check --json}.
 *
 * @param name        the data set's name
 * @param problems    everything found, in the order of lists and lines
 * @param classes     class names in index order
 * @param frequencies how often each class occurs in the labelled list
 * @param lists       what the lists hold
 * @param sizes       photos' sizes, null if none could be read
 * @param reducesZero whether 0 in mask files means "other" (raw ADE20K)
 */
public record DataReport(String name, List<Problem> problems, List<String> classes, List<Frequency> frequencies,
    List<ListSummary> lists, Sizes sizes, boolean reducesZero) {

    /**
     * One finding.
     *
     * @param file    the file it is about, as the list writes it
     * @param list    the list, relative to the data folder; empty if none
     * @param line    line of the list, 0 if none
     * @param problem kind: "missing", "unreadable", "truncated", "size mismatch", "unknown label", "mixed labels", "no mask",
     *                "no labels", "annotations", "list syntax", "list format", "case differs", "duplicate", "overlap",
     *                "same content", "tiny image", "class without labels", "palettes differ",
     *                "transparent", "orientation", "nearly black", "damaged", "categories", "shapes"
     * @param detail  names and numbers
     * @param stops   training cannot start
     */
    public record Problem(String file, String list, int line, String problem, String detail, boolean stops) {
    }

    /** Images and pixels of the labelled list with a class. */
    public record Frequency(String name, int images, long pixels) {
    }

    /** One list: its role, file name, lines, and lines with a mask. */
    public record ListSummary(String role, String file, int samples, int masks) {
    }

    /** Smallest and largest width and height over all photos. */
    public record Sizes(int minWidth, int maxWidth, int minHeight, int maxHeight) {
    }

    /** Whether training cannot start. */
    public boolean stopsTraining() {
        return problems.stream().anyMatch(Problem::stops);
    }
}
