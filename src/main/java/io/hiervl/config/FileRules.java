package io.hiervl.config;

import io.hiervl.PublicApi;
import java.util.List;
import java.util.Map;

/**
 * Where a data set keeps its files. Safe for several threads.
 *
 * @param layout      subfolders by which a folder without dataset.yaml is recognised as this data set; null: never
 * @param evidence    what else the folder of that data set holds: pairs of a subfolder and a pattern, one of which a file's name must
 *                    match; null: the subfolders are enough
 * @param aliases     other names under which published split lists file it, such as UniMatch's "pascal"; null: none
 * @param parts       named parts ("train", "val") for making lists where none were published; null: none
 * @param folders     first folder of a path in a list to the folder it really is, absolute or relative to the data folder,
 *                    for photos and masks that lie elsewhere; null: everything lies in the data folder
 * @param annotations COCO annotation files from which label maps are drawn where a mask file is missing: panoptic first,
 *                    then instances and stuff; files that do not exist are passed over; null: none
 */
@PublicApi
public record FileRules(@Nullable List<String> layout, @Nullable Map<String, String> evidence, @Nullable List<String> aliases,
    @Nullable Map<String, Part> parts,
    @Nullable Map<String, String> folders, @Nullable List<String> annotations) {

    /** Everything lies in the data folder as the lists say. */
    public static final FileRules PLAIN = new FileRules(null, null, null, null, null, null);

    /**
     * Photos and their masks by naming rule.
     *
     * @param names       file with one name a line (VOC's ImageSets); null: all photos below {@code images}
     * @param images      folder of the photos; subfolders are searched
     * @param masks       folder of the masks, with the same subfolders
     * @param imageSuffix end of a photo's file name, after the name
     * @param maskSuffix  end of its mask's file name
     */
    public record Part(@Nullable String names, String images, String masks, String imageSuffix, String maskSuffix) {
        public Part {
            if (names != null) {
                Check.inside("files.parts: names", names);
            }
            Check.path("files.parts: images", images);
            Check.path("files.parts: masks", masks);
        }
    }

    public FileRules {
        layout = layout == null ? List.of() : List.copyOf(layout);
        evidence = evidence == null ? Map.of() : Map.copyOf(evidence);
        aliases = aliases == null ? List.of() : List.copyOf(aliases);
        parts = parts == null ? Map.of() : Map.copyOf(parts);
        folders = folders == null ? Map.of() : Map.copyOf(folders);
        annotations = annotations == null ? List.of() : List.copyOf(annotations);
        aliases.forEach(a -> Check.inside("files.aliases", a));
        annotations.forEach(a -> Check.inside("files.annotations", a));
        folders.forEach((name, folder) -> Check.path("files.folders." + name, folder));
        folders.keySet().forEach(f -> Check.that(!f.isBlank() && !f.contains("/") && !f.contains("\\") && !f.startsWith("."),
            "files.folders has the key '" + f + "'; it must be one folder name, the first of the paths in the lists"));
    }
}
