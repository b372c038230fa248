package io.hiervl.data.importing;

import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /**
     * The same without marks that have no label and photos that are of another size than was marked; line breaks in labels become blanks.
     */
    Imported checked(Dropped dropped) {
        List<Labelled> kept = new ArrayList<>();
        for (Labelled l : photos) {
            String odd = oddSize(l);
            if (odd != null) {
                dropped.add("photos of another size than was marked", odd);
                continue;
            }
            List<Mark> marks = new ArrayList<>();
            for (Mark m : l.marks) {
                if (m.label.isBlank()) {
                    dropped.add("shapes without a label", l.photo.toString());
                } else {
                    marks.add(new Mark(plain(m.label), m.area));
                }
            }
            kept.add(new Labelled(l.photo, l.width, l.height, marks));
        }
        return new Imported(labels.stream().map(Imported::plain).filter(l -> !l.isEmpty()).toList(), kept);
    }

    private static String oddSize(Labelled l) {
        int[] size;
        try {
            size = PhotoFinder.size(l.photo);
        } catch (HierVlException e) {
            return e.getMessage();
        }
        return PhotoFinder.fits(l.photo, l.width, l.height) ? null
            : l.photo + " has " + size[0] + "x" + size[1] + " pixels, marked were " + l.width + "x" + l.height;
    }

    private static String plain(String label) {
        return label.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    }
}
