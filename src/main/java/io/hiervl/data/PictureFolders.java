package io.hiervl.data;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.config.NearMatches;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Folders of photos, and folders of masks for some of them.
 *
 * @param images    one or more folders of photos
 * @param masks     folder of their masks
 * @param valImages folder of photos for validation, null for none
 * @param valMasks  folder of their masks, null for none
 */
public record PictureFolders(List<Path> images, Path masks, Path valImages, Path valMasks) {

    /** Photos and masks for training. */
    public static PictureFolders of(Path images, Path masks) {
        return new PictureFolders(List.of(images), masks, null, null);
    }

    /**
     * What lies in them.
     *
     * @param pairs      of all folders together
     * @param validation photos of the validation folder
     * @param roots      folders of photos and masks, real paths, by the name that lists give them
     */
    record Found(FolderPairs pairs, Set<Path> validation, Map<String, Path> roots) {
        /** Name and folder that hold a file; the innermost one. */
        Map.Entry<String, Path> rootOf(Path file, boolean photo) {
            return roots.entrySet().stream().filter(e -> e.getKey().contains("images") == photo && file.startsWith(e.getValue()))
                .max((a, b) -> Integer.compare(a.getValue().getNameCount(), b.getValue().getNameCount())).orElseThrow();
        }
    }

    /**
     * Pairs photos and masks.
     *
     * @throws HierVlException a folder that does not exist, folders inside each other, or a mask for two photos
     */
    Found find() {
        if (valImages == null != (valMasks == null)) {
            throw HierVlException.usage("--val-images and --val-masks belong together; one of them is missing");
        }
        Map<String, Path> roots = new TreeMap<>();
        List<Path> photoRoots = new ArrayList<>();
        for (Path folder : images) {
            Path real = real(folder);
            photoRoots.stream().filter(o -> o.startsWith(real) || real.startsWith(o)).findFirst().ifPresent(o -> {
                throw HierVlException.usage("the folders of photos " + o + " and " + real + " are the same or one lies in the other");
            });
            photoRoots.add(real);
            roots.put(photoRoots.size() == 1 ? "images" : "images" + photoRoots.size(), real);
        }
        Path maskRoot = real(masks);
        roots.put("masks", maskRoot);
        Map<Path, List<Path>> pairs = new TreeMap<>();
        Set<Path> lossy = new LinkedHashSet<>();
        Set<String> notes = new LinkedHashSet<>();
        List<Path> orphans = null;
        Map<Path, Path> owners = new HashMap<>();
        for (Path folder : photoRoots) {
            FolderPairs found = FolderPairs.find(folder, maskRoot);
            add(found, pairs, lossy, notes, owners);
            orphans = orphans == null ? new ArrayList<>(found.orphans()) : orphans;
            orphans.retainAll(new HashSet<>(found.orphans()));
        }
        Set<Path> validation = Set.of();
        if (valImages != null) {
            Path photos = real(valImages);
            Path labels = real(valMasks);
            roots.put("val_images", photos);
            roots.put("val_masks", labels);
            FolderPairs found = FolderPairs.find(photos, labels);
            found.masks().keySet().stream().filter(pairs::containsKey).findFirst().ifPresent(p -> {
                throw HierVlException.usage("the photo " + p + " lies in the folders for training and in " + valImages
                    + "; the folder for validation must be another one");
            });
            add(found, pairs, lossy, notes, owners);
            orphans.addAll(found.orphans());
            orphans.removeAll(owners.keySet());
            long without = found.masks().values().stream().filter(List::isEmpty).count();
            if (without == found.masks().size()) {
                throw HierVlException.data("no mask in " + valMasks + " belongs to a photo in " + valImages);
            }
            if (without > 0) {
                notes.add(without + " photos in " + valImages + " have no mask and are left out");
                found.masks().entrySet().stream().filter(e -> e.getValue().isEmpty()).map(Map.Entry::getKey).forEach(pairs::remove);
            }
            validation = found.masks().keySet().stream().filter(pairs::containsKey).collect(Collectors.toSet());
        }
        return new Found(new FolderPairs(pairs, List.copyOf(orphans), List.copyOf(lossy), List.copyOf(notes)), validation, roots);
    }

    private static void add(FolderPairs found, Map<Path, List<Path>> pairs, Set<Path> lossy, Set<String> notes,
                            Map<Path, Path> owners) {
        found.masks().forEach((photo, masks) -> {
            for (Path mask : masks) {
                Path other = owners.put(mask, photo);
                if (other != null) {
                    throw HierVlException.data("the mask " + mask + " fits the photos " + other + " and " + photo);
                }
            }
            pairs.put(photo, masks);
        });
        lossy.addAll(found.lossy());
        notes.addAll(found.notes());
    }

    private static String near(Path folder) {
        Path parent = folder.toAbsolutePath().normalize().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            return "";
        }
        try (Stream<Path> beside = Files.list(parent)) {
            return NearMatches.hint(folder.getFileName().toString(),
                beside.filter(Files::isDirectory).map(f -> f.getFileName().toString()).toList());
        } catch (IOException e) {
            return "";
        }
    }

    private static Path real(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw HierVlException.data("the folder " + folder + (Files.exists(folder) ? " is a file" : " does not exist" + near(folder)));
        }
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw HierVlException.data("the folder " + folder + " cannot be read: " + AtomicFile.reason(e), e);
        }
    }
}
