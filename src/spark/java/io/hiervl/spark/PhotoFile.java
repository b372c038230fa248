package io.hiervl.spark;

import java.io.Serializable;

/**
 * A photo to predict.
 *
 * @param path  as Hadoop reads it
 * @param bytes size of the file, 0 if unknown
 * @param name  path of its results below the folder of results, without the results' own ending
 */
record PhotoFile(String path, long bytes, String name) implements Serializable {
}
