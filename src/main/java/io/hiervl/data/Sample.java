package io.hiervl.data;

import io.hiervl.PublicApi;
import java.nio.file.Path;

/**
 * One line of a list. Safe for several threads.
 *
 * @param image     the photo's path as the list writes it
 * @param mask      the label map's path as the list writes it, null if the line names none
 * @param imagePath the photo
 * @param maskPath  the label map, null if the line names none
 * @param line      line number, from 1
 */
@PublicApi
public record Sample(String image, String mask, Path imagePath, Path maskPath, int line) {
    public boolean hasMask() {
        return maskPath != null;
    }
}
