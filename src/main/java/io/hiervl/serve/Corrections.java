package io.hiervl.serve;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.data.Dataset;
import io.hiervl.data.ListFiles;
import io.hiervl.data.Sample;
import io.hiervl.data.SplitList;
import io.hiervl.image.ImageHeader;
import io.hiervl.image.Images;
import io.hiervl.image.LabelMap;
import io.hiervl.image.LabelMaps;
import io.hiervl.image.Orientation;
import io.hiervl.image.Photo;
import io.hiervl.serve.http.Call;
import io.hiervl.serve.http.Refusal;
import io.hiervl.serve.http.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes corrected label maps into a data set as new labelled pairs: photo and mask below {@code corrected/}, one more line in the list of
 * labelled photos. All names are made here. A pair is read back as training reads it before the list names it.
 */
public final class Corrections {
    private static final String FOLDER = "corrected";
    private static final int LARGEST_LIST = 1 << 28;
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private final Dataset dataset;
    private final Path list;
    private final Uploads uploads;

    /**
     * Checks that the data set takes pairs.
     *
     * @param maxPixels largest photo
     * @throws HierVlException data error: its masks do not hold class indices; environment error: it cannot be written
     */
    public Corrections(Dataset dataset, long maxPixels) {
        this.dataset = dataset;
        this.uploads = new Uploads(maxPixels);
        Path found = new ListFiles(dataset).find("labeled");
        this.list = found != null ? found : dataset.root().resolve(dataset.spec().lists().getOrDefault("labeled", "labeled.txt"));
        if (dataset.spec().files().folders().containsKey(FOLDER)) {
            throw HierVlException.config("the data set " + dataset.root() + " gives the folder '" + FOLDER
                + "' another place, files.folders; corrections need it");
        }
        Folders.require(dataset.root().resolve(FOLDER).resolve("images"), "corrected photos");
        Folders.require(dataset.root().resolve(FOLDER).resolve("masks"), "corrected masks");
        probe();
    }

    /** Writes and reads a mask with every class once: rules of the data set may give the values of files other meanings. */
    private void probe() {
        int classes = dataset.spec().classes().size();
        byte[] values = new byte[classes + 1];
        for (int k = 0; k < classes; k++) {
            values[k] = (byte) k;
        }
        values[classes] = (byte) LabelMap.IGNORE;
        LabelMap map = new LabelMap(values, classes + 1, 1);
        Path file = dataset.root().resolve(FOLDER).resolve("masks").resolve("." + AtomicFile.randomName() + ".png");
        try {
            LabelMaps.writeGrey(stored(map), file);
            if (!dataset.labels().read(file).equals(map)) {
                throw HierVlException.data("they would be read back as other classes");
            }
        } catch (HierVlException e) {
            if (e.kind() != HierVlException.Kind.DATA) {
                throw e;
            }
            throw HierVlException.data("the data set " + dataset.root() + " cannot take corrections: its rules for labels give class "
                + "indices in mask files another meaning", e);
        } finally {
            delete(file);
        }
    }

    List<String> classes() {
        return dataset.spec().classes();
    }

    /** Refuses models with other classes. */
    void require(ServedModel model) {
        if (!model.classes().equals(classes())) {
            throw HierVlException.data("the model '" + model.name() + "' has the classes " + model.classes() + ", the data set "
                + dataset.root() + " has " + classes());
        }
    }

    /** A form with the files {@code photo} and {@code labels}: a grey PNG of class indices, 255 for no label. */
    Reply answer(Call call) {
        if (!call.type().equals("multipart/form-data")) {
            throw new Refusal(415, "corrections come as a form of two files: photo and labels");
        }
        List<Call.Part> parts = call.parts();
        byte[] bytes = file(parts, "photo");
        Photo photo = uploads.photo(bytes);
        LabelMap labels = labels(uploads.photo(file(parts, "labels")));
        if (labels.width() != photo.width() || labels.height() != photo.height()) {
            throw new Refusal(400, "the labels are " + labels.width() + "x" + labels.height() + ", the photo is " + photo.width() + "x"
                + photo.height());
        }
        return Reply.json(save(bytes, photo, labels));
    }

    private static byte[] file(List<Call.Part> parts, String name) {
        return parts.stream().filter(p -> p.name().equals(name)).findFirst()
            .orElseThrow(() -> new Refusal(400, "the form has no file '" + name + "'")).content();
    }

    private LabelMap labels(Photo picture) {
        byte[] values = new byte[picture.width() * picture.height()];
        for (int i = 0; i < values.length; i++) {
            values[i] = picture.rgb()[3 * i];
            int value = values[i] & 255;
            if (value >= classes().size() && value != LabelMap.IGNORE) {
                throw new Refusal(400, "the labels have the value " + value + ", neither one of the " + classes().size()
                    + " classes nor 255 for no label");
            }
        }
        return new LabelMap(values, picture.width(), picture.height());
    }

    /** The map with the data set's own value for pixels without a label. */
    private LabelMap stored(LabelMap map) {
        int[] table = new int[256];
        for (int v = 0; v < 256; v++) {
            table[v] = v == LabelMap.IGNORE ? dataset.spec().ignore() : v;
        }
        return map.mapped(table);
    }

    private synchronized Map<String, Object> save(byte[] bytes, Photo photo, LabelMap labels) {
        String stem = STAMP.format(LocalDateTime.now(ZoneOffset.UTC)) + "-" + AtomicFile.randomName().substring(0, 8);
        String format = ImageHeader.read(bytes, "the photo").format();
        boolean asSent = Orientation.of(bytes).isNone() && (format.equals("JPEG") || format.equals("PNG"));
        String image = FOLDER + "/images/" + stem + (asSent && format.equals("JPEG") ? ".jpg" : ".png");
        String mask = FOLDER + "/masks/" + stem + ".png";
        Path imageFile = dataset.root().resolve(image);
        Path maskFile = dataset.root().resolve(mask);
        boolean done = false;
        try {
            if (asSent) {
                AtomicFile.write(imageFile, out -> out.write(bytes));
            } else {
                Images.writePng(photo, imageFile);
            }
            LabelMaps.writeGrey(stored(labels), maskFile);
            int pairs = append(image, mask, labels);
            done = true;
            Map<String, Object> made = new LinkedHashMap<>();
            made.put("image", image);
            made.put("mask", mask);
            made.put("list", list.getFileName().toString());
            made.put("pairs", pairs);
            return made;
        } finally {
            if (!done) {
                delete(imageFile);
                delete(maskFile);
            }
        }
    }

    /** Reads the pair back, then writes the list with one more line. */
    private int append(String image, String mask, LabelMap labels) {
        String line = image + " " + mask + "\n";
        Sample sample = new Sample(image, mask, dataset.root().resolve(image), dataset.root().resolve(mask), 1);
        if (!dataset.load(sample, true).labels().equals(labels)) {
            throw HierVlException.environment("the labels read back from " + mask + " are not those that were written");
        }
        int known = Files.exists(list) ? SplitList.parse(list, dataset.root()).size() : 0;
        try {
            String before = Files.exists(list) ? InputFiles.text(list, "a list", LARGEST_LIST, HierVlException.Kind.DATA) : "";
            AtomicFile.write(list, before + (before.isEmpty() || before.endsWith("\n") ? "" : "\n") + line);
        } catch (IOException e) {
            throw HierVlException.environment("cannot read " + list + ": " + AtomicFile.reason(e), e);
        }
        return known + 1;
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // What could not be written has its own error.
        }
    }
}
