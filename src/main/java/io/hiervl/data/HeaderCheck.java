package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.image.ImageHeader;
import io.hiervl.image.Images;
import io.hiervl.image.Orientation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The fast part of {@link DataCheck}: formats, whole files, and sizes of photos and masks, by their headers and without decoding a pixel.
 * Training looks before its first step, so that it does not stop after hours when it draws a bad file.
 */
public final class HeaderCheck {
    private static final int SHOWN = 5;

    private final Dataset dataset;
    private final List<String> problems = new ArrayList<>();

    private HeaderCheck(Dataset dataset) {
        this.dataset = dataset;
    }

    /**
     * Looks into files until the time is over, labelled ones first.
     *
     * @param lists by role; masks of the unlabelled list are left alone
     * @return what was left out, as a sentence for people; null if nothing was
     * @throws HierVlException with the number of bad files and the first few
     */
    public static String run(Dataset dataset, Map<String, SplitList> lists, Duration most) {
        HeaderCheck check = new HeaderCheck(dataset);
        long end = System.nanoTime() + most.toNanos();
        Set<Sample> samples = new LinkedHashSet<>();
        Set<Sample> unlabelled = new LinkedHashSet<>();
        lists.forEach((role, list) -> (role.equals("unlabeled") ? unlabelled : samples).addAll(list.samples()));
        int labelled = samples.size();
        samples.addAll(unlabelled);
        Set<Path> seen = new HashSet<>();
        int done = 0;
        for (Sample s : samples) {
            if (System.nanoTime() > end) {
                break;
            }
            boolean masked = done++ < labelled;
            if (masked || !seen.contains(s.imagePath())) {
                check.look(s, masked);
                seen.add(s.imagePath());
            }
        }
        check.report();
        return done == samples.size() ? null : done + " of " + samples.size() + " files were looked into within " + most.toSeconds()
            + " s; 'hiervl data check' reads all of them";
    }

    private void look(Sample sample, boolean masked) {
        try {
            byte[] bytes = Images.readBytes(sample.imagePath());
            ImageHeader photo = header(bytes, sample.imagePath());
            if (!masked || !dataset.hasMaskFile(sample)) {
                return;
            }
            ImageHeader mask = header(Images.readBytes(dataset.mask(sample)), dataset.mask(sample));
            boolean equal = mask.width() == photo.width() && mask.height() == photo.height();
            if (!equal && Uprightness.of(Orientation.of(bytes), photo.width(), photo.height(), mask.width(),
                mask.height()) != Uprightness.MASK_UPRIGHT) {
                problems
                    .add(dataset.mask(sample) + " is " + mask.width() + "x" + mask.height() + ", its photo " + sample.imagePath() + " is "
                        + photo.width() + "x" + photo.height());
            }
        } catch (HierVlException e) {
            problems.add(e.getMessage());
        }
    }

    private static ImageHeader header(byte[] bytes, Path file) {
        ImageHeader header = ImageHeader.read(bytes, file.toString());
        if ((long) header.width() * header.height() > Images.MAX_PIXELS) {
            throw HierVlException.data(file + " claims " + header.width() + "x" + header.height() + " pixels, more than the limit of "
                + Images.MAX_PIXELS);
        }
        return header;
    }

    private void report() {
        if (!problems.isEmpty()) {
            throw HierVlException.data(problems.size() + (problems.size() == 1 ? " file is" : " files are") + " not usable: "
                + String.join("; ", problems.subList(0, Math.min(SHOWN, problems.size()))) + (problems.size() > SHOWN ? "; ..." : "")
                + ". 'hiervl data check' lists every problem");
        }
    }
}
