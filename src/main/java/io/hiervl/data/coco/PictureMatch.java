package io.hiervl.data.coco;

import io.hiervl.HierVlException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which photo an annotation file means by a {@code file_name}. Names may lack folders, have other ones, backslashes or another extension;
 * what has the same stem is compared folder by folder from the end, so that two photos of one name never share annotations.
 */
final class PictureMatch {
    private final Path file;
    private final Map<String, List<Path>> photos = new HashMap<>();

    /**
     * @param file  the annotation file
     * @param known all photos of the data set
     */
    PictureMatch(Path file, Collection<Path> known) {
        this.file = file;
        for (Path photo : known) {
            List<Path> same = photos.computeIfAbsent(key(photo.getFileName().toString()), k -> new ArrayList<>());
            if (!same.contains(photo)) {
                same.add(photo);
            }
        }
    }

    /**
     * The photo of each name, without those that no photo has.
     *
     * @param names id to file_name
     * @throws HierVlException names or photos that cannot be told apart
     */
    Map<String, Path> match(Map<String, String> names) {
        Map<String, List<String>> byStem = new HashMap<>();
        names.forEach((id, name) -> {
            if (photos.containsKey(key(name))) {
                byStem.computeIfAbsent(key(name), k -> new ArrayList<>()).add(id);
            }
        });
        Map<String, Path> out = new HashMap<>();
        byStem.forEach((stem, ids) -> {
            List<Path> here = photos.get(stem);
            Map<String, Path> best = new HashMap<>();
            for (String id : ids) {
                Path photo = best(names.get(id), here);
                if (photo != null && isBest(id, ids, names, photo)) {
                    best.put(id, photo);
                }
            }
            out.putAll(best);
        });
        return out;
    }

    /** The photo that fits a name best; of equals the one near the annotation file, else an error. */
    private Path best(String name, List<Path> candidates) {
        int most = candidates.stream().mapToInt(p -> score(name, p)).max().orElse(0);
        List<Path> top = candidates.stream().filter(p -> score(name, p) == most).toList();
        if (top.size() > 1) {
            List<Path> near = top.stream().filter(this::isNear).toList();
            top = near.isEmpty() ? top : near;
        }
        if (top.size() > 1) {
            throw HierVlException.data(file + ": the file_name '" + name + "' fits several photos: " + top.get(0) + " and " + top.get(1)
                + "; write their folders into file_name");
        }
        return top.get(0);
    }

    /** Whether no other name of the file fits the photo better. */
    private boolean isBest(String id, List<String> ids, Map<String, String> names, Path photo) {
        int own = score(names.get(id), photo);
        for (String other : ids) {
            int score = other.equals(id) ? -1 : score(names.get(other), photo);
            if (score > own) {
                return false;
            }
            if (score == own) {
                throw HierVlException.data(file + ": the images " + id + " ('" + names.get(id) + "') and " + other + " ('"
                    + names.get(other)
                    + "') both fit the photo " + photo + "; write their folders into file_name");
            }
        }
        return true;
    }

    /** Twice the number of equal names from the end; one more for the same extension. */
    private static int score(String name, Path photo) {
        String[] parts = plain(name).split("/");
        int equal = 0;
        Path at = photo.getParent();
        for (int i = parts.length - 2; i >= 0 && at != null && at.getFileName() != null && plain(at.getFileName().toString())
            .equals(parts[i]); i--) {
            equal++;
            at = at.getParent();
        }
        return 2 * equal + (extension(name).equals(extension(photo.getFileName().toString())) ? 1 : 0);
    }

    /** Below the folder of the annotation file, or below one whose name is part of the file's name, as val2017 of instances_val2017. */
    private boolean isNear(Path photo) {
        Path folder = file.toAbsolutePath().normalize().getParent();
        String stem = file.getFileName().toString().toLowerCase(Locale.ROOT);
        boolean named = false;
        for (Path p = photo.toAbsolutePath().normalize().getParent(); p != null && !p.equals(folder.getParent()); p = p.getParent()) {
            if (p.equals(folder)) {
                return true;
            }
            named |= p.getFileName() != null && stem.contains(p.getFileName().toString().toLowerCase(Locale.ROOT));
        }
        return named;
    }

    private static String plain(String name) {
        return Normalizer.normalize(name.replace('\\', '/').strip(), Normalizer.Form.NFC);
    }

    private static String key(String name) {
        return CocoFile.stem(plain(name));
    }

    private static String extension(String name) {
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
