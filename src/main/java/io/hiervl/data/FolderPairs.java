package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.image.PhotoTypes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Photos below one folder and their masks below another, paired by name.
 *
 * @param masks   photo to masks, none for photos without; in the order of the photos' paths
 * @param orphans masks that belong to no photo
 * @param lossy   files among the masks whose type changes values
 * @param notes   what was passed over, for the user
 */
public record FolderPairs(Map<Path, List<Path>> masks, List<Path> orphans, List<Path> lossy, List<String> notes) {

    private record Found(List<Path> photos, List<Path> masks, List<Path> lossy, Set<String> notes) {
    }

    /**
     * Pairs files. A mask belongs to the photo of the same path below its folder, without extension and without what tools add to names
     * ({@link PairNames}); if no path fits, to the only photo of the same file name.
     *
     * @param images absolute and normalised, as {@code masks}; the two may be one folder, or one inside the other
     * @throws HierVlException a folder that cannot be read, no photo, or two photos for a mask
     */
    public static FolderPairs find(Path images, Path masks) {
        Found found = images.equals(masks) ? together(images) : apart(images, masks);
        if (found.photos.isEmpty()) {
            throw HierVlException.data("the folder " + images + " holds no photo (" + PhotoTypes.photoNames() + ")"
                + (found.notes.isEmpty() ? "" : "; " + String.join("; ", found.notes)));
        }
        PhotoIndex index = new PhotoIndex(found.photos, images);
        Map<Path, List<Path>> pairs = new TreeMap<>();
        found.photos.forEach(p -> pairs.put(p, new ArrayList<>()));
        List<Path> orphans = new ArrayList<>();
        for (Path mask : found.masks) {
            Path photo = index.find(mask, masks);
            if (photo == null) {
                orphans.add(mask);
            } else {
                pairs.get(photo).add(mask);
            }
        }
        return new FolderPairs(Collections.unmodifiableMap(pairs), List.copyOf(orphans), found.lossy, List.copyOf(found.notes));
    }

    private static Found apart(Path images, Path masks) {
        FolderListing photos = FolderListing.deep(images);
        FolderListing labels = FolderListing.deep(masks);
        boolean masksInside = masks.startsWith(images);
        boolean imagesInside = images.startsWith(masks);
        List<Path> ofPhotos = photos.files().stream().filter(p -> !(masksInside && p.startsWith(masks))).toList();
        List<Path> ofMasks = labels.files().stream().filter(p -> !(imagesInside && p.startsWith(images))).toList();
        Set<String> notes = new LinkedHashSet<>(photos.notes());
        notes.addAll(labels.notes());
        others(ofPhotos, notes);
        return new Found(ofPhotos.stream().filter(PhotoTypes::isPhoto).toList(), ofMasks.stream().filter(PhotoTypes::isMask).toList(),
            ofMasks.stream().filter(p -> PhotoTypes.LOSSY.contains(PhotoTypes.extension(p))).toList(), notes);
    }

    /** In one folder a mask is told by its name, or, beside a JPEG of the same name, by its type. */
    private static Found together(Path folder) {
        FolderListing all = FolderListing.deep(folder);
        Set<String> notes = new LinkedHashSet<>(all.notes());
        others(all.files(), notes);
        Set<String> names = new HashSet<>();
        Map<String, Boolean> jpeg = new HashMap<>();
        for (Path p : all.files()) {
            if (PhotoTypes.isPhoto(p)) {
                String stem = FileNames.composedStem(p);
                names.add(place(p, stem));
                PairNames.ofPhoto(stem).forEach(n -> names.add(place(p, n)));
                jpeg.merge(place(p, stem), PhotoTypes.LOSSY.contains(PhotoTypes.extension(p)), Boolean::logicalOr);
            }
        }
        List<Path> photos = new ArrayList<>();
        List<Path> masks = new ArrayList<>();
        List<Path> lossy = new ArrayList<>();
        for (Path p : all.files()) {
            String stem = FileNames.composedStem(p);
            boolean isLossy = PhotoTypes.LOSSY.contains(PhotoTypes.extension(p));
            boolean named = PairNames.photosOfDecorated(stem).stream().anyMatch(n -> names.contains(place(p, n)));
            boolean typed = !isLossy && jpeg.getOrDefault(place(p, stem), false);
            if (PhotoTypes.isMask(p) && (named || typed)) {
                masks.add(p);
            } else if (named && isLossy) {
                lossy.add(p);
            } else if (PhotoTypes.isPhoto(p)) {
                photos.add(p);
            }
        }
        return new Found(photos, masks, List.copyOf(lossy), notes);
    }

    private static String place(Path file, String name) {
        return file.getParent() + "/" + PairNames.folded(name);
    }

    private static void others(List<Path> files, Set<String> notes) {
        List<Path> others = files.stream().filter(PhotoTypes::isOther).toList();
        if (!others.isEmpty()) {
            notes.add(PhotoTypes.notRead(others));
        }
    }

    /** The first names, for messages. */
    static String names(List<Path> files) {
        return String.join(", ", files.stream().limit(5).map(p -> p.getFileName().toString()).toList()) + (files.size() > 5 ? ", ..." : "");
    }
}
