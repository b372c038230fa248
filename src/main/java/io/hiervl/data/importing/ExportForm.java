package io.hiervl.data.importing;

import java.nio.file.Path;
import java.util.List;

/** The form in which a labelling tool exports labels. */
interface ExportForm {
    /** What users call it, for {@code --from}. */
    String name();

    /** Whether these files are an export of this form; looks at names and first keys. */
    boolean recognises(List<Path> files);

    /**
     * Reads an export.
     *
     * @param files   all files of it
     * @param photos  finds photos by the names that the export gives
     * @param dropped hears what is left out
     * @throws io.hiervl.HierVlException damaged, or not of this form
     */
    Imported read(List<Path> files, PhotoFinder photos, Dropped dropped);
}
