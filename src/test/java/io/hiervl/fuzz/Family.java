package io.hiervl.fuzz;

import java.nio.file.Path;

/**
 * One kind of file.
 *
 * @param name    for the command line and messages
 * @param file    the file that is damaged; its undamaged content is put back afterwards
 * @param sealed  whether the format carries a checksum, so that no change may be loaded
 * @param subject reads the file as the program does and returns what came of it
 */
record Family(String name, Path file, boolean sealed, Subject subject) {
    /** Reads the damaged file; the result stands for all that was read. */
    @FunctionalInterface
    interface Subject {
        Object read() throws Exception;
    }
}
