package io.hiervl.data;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What tools add to a photo's name to call its mask, and what data sets add to the names of photos. Names are without extension. */
final class PairNames {
    private static final String WORDS = "mask|masks|label|labels|seg|segmentation|segmentation_mask|gt|"
        + "groundtruth|ground_truth|annotation|annotations|annot|lbl|matte|trimap|target|"
        + "labelids|labeltrainids|gtfine_labelids|gtfine_labeltrainids";
    private static final Pattern BEHIND = Pattern.compile("(.+?)(?:[ _.-](?:" + WORDS + ")|_L)(?:[ _-]?\\(?(\\d{1,4})\\)?)?",
        Pattern.CASE_INSENSITIVE);
    private static final Pattern BEFORE = Pattern.compile("(?:" + WORDS + ")[ _-]?(.+)", Pattern.CASE_INSENSITIVE);
    private static final Pattern PHOTO_BEHIND = Pattern.compile("(.+)[ _-](?:image|img|photo|sat|rgb|orig|original|input|leftimg8bit)",
        Pattern.CASE_INSENSITIVE);
    private static final Pattern PHOTO_BEFORE = Pattern.compile("(?:images?|img|photo|frame|picture|input)[ _-]?(.+)",
        Pattern.CASE_INSENSITIVE);
    private static final Pattern PHOTO_TYPE = Pattern.compile("(.+)\\.(?:jpe?g|jpe|jfif|png|bmp|tiff?|webp)", Pattern.CASE_INSENSITIVE);

    private PairNames() {
    }

    /** Names under which a mask looks for its photo, the likeliest first. */
    static List<String> ofMask(String name) {
        Set<String> all = new LinkedHashSet<>(List.of(name));
        add(all, PHOTO_TYPE.matcher(name));
        Matcher behind = BEHIND.matcher(name);
        if (behind.matches()) {
            all.add(behind.group(1));
            add(all, PHOTO_TYPE.matcher(behind.group(1)));
        }
        add(all, BEFORE.matcher(name));
        return List.copyOf(all);
    }

    /** Whether a name says that its file is a mask, if there is a photo of one of these names. */
    static List<String> photosOfDecorated(String name) {
        List<String> all = ofMask(name);
        return all.subList(1, all.size());
    }

    /** Further names of a photo, for masks that do not have its whole name. */
    static List<String> ofPhoto(String name) {
        Set<String> all = new LinkedHashSet<>();
        add(all, PHOTO_BEHIND.matcher(name));
        add(all, PHOTO_BEFORE.matcher(name));
        return List.copyOf(all);
    }

    /** A name for comparison where case may differ. */
    static String folded(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    private static void add(Set<String> all, Matcher m) {
        if (m.matches()) {
            all.add(m.group(1));
        }
    }
}
