package io.hiervl.data.importing;

import java.nio.file.Path;
import java.util.List;

/**
 * What an export holds, whatever tool wrote it.
 *
 * @param labels labels in the order of the tool's own list; empty if it has none
 * @param photos labelled photos
 */
record Imported(List<String> labels, List<Labelled> photos) {

    /** A marked area of a photo. */
    record Mark(String label, Area area) {
    }

    /**
     * A photo with its marks, the later ones in front.
     *
     * @param width  of the picture that was marked; with an EXIF orientation mostly that of the upright one
     * @param height of the same
     */
    record Labelled(Path photo, int width, int height, List<Mark> marks) {
    }
}
