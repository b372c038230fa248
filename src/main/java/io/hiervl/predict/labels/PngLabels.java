package io.hiervl.predict.labels;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Palette;
import java.nio.file.Path;
import java.util.List;

/** CVAT's "Segmentation mask 1.1", which is also Pascal VOC's layout: {@code SegmentationClass/NAME.png} and {@code labelmap.txt}. */
final class PngLabels extends LabelFiles {
    private final Palette palette;
    private final StringBuilder names = new StringBuilder();

    PngLabels(Path folder, List<String> classes, Palette palette) {
        super(folder, classes);
        this.palette = palette;
        Folders.create(folder.resolve("SegmentationClass"));
    }

    @Override
    public void add(Path photo, String stem, LabelMap map) {
        names.append(stem).append('\n');
        LabelMaps.write(map, palette, file(folder().resolve("SegmentationClass"), stem, ".png"));
    }

    @Override
    public void finish() {
        StringBuilder labels = new StringBuilder("# label:color_rgb:parts:actions\n");
        for (int i = 0; i < classes().size(); i++) {
            int c = palette.colour(i);
            labels.append(classes().get(i)).append(':').append(c >> 16 & 255).append(',').append(c >> 8 & 255).append(',').append(c & 255)
                .append("::\n");
        }
        AtomicFile.write(folder().resolve("labelmap.txt"), labels.toString());
        Path lists = Folders.create(folder().resolve("ImageSets").resolve("Segmentation"));
        AtomicFile.write(lists.resolve("default.txt"), names.toString());
    }
}
