package io.hiervl.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A directory of a TIFF file: its entries have 12 bytes each, in a BigTIFF 20 (TIFF 6.0).
 *
 * @param in      the file
 * @param big     whether it is a BigTIFF
 * @param start   of the first entry
 * @param entries number of entries
 */
record TiffDirectory(ByteBuffer in, boolean big, int start, int entries) {
    /** @throws IndexOutOfBoundsException the directory lies outside the file */
    static TiffDirectory of(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        boolean big = TiffTags.isBig(bytes);
        return at(in, big, big ? place(in.getLong(8)) : in.getInt(4));
    }

    static TiffDirectory at(ByteBuffer in, boolean big, int at) {
        int entries = big ? place(in.getLong(at)) : in.getShort(at) & 0xFFFF;
        return new TiffDirectory(in, big, at + (big ? 8 : 2), Math.min(entries, TiffTags.MOST_ENTRIES));
    }

    int at(int entry) {
        return start + entry * (big ? 20 : 12);
    }

    int tag(int entry) {
        return in.getShort(at(entry)) & 0xFFFF;
    }

    int type(int entry) {
        return in.getShort(at(entry) + 2) & 0xFFFF;
    }

    long count(int entry) {
        return big ? in.getLong(at(entry) + 4) : in.getInt(at(entry) + 4) & 0xFFFFFFFFL;
    }

    /** Where the next directory is, 0 if this is the last one. */
    long next() {
        int behind = at(entries);
        return big ? in.getLong(behind) : in.getInt(behind) & 0xFFFFFFFFL;
    }

    /** Where the values of an entry are: inside it if they fit there, else where it points to. */
    int values(int entry) {
        int inside = at(entry) + (big ? 12 : 8);
        long bytes = width(type(entry)) * Math.max(0, Math.min(count(entry), Integer.MAX_VALUE));
        return bytes <= (big ? 8 : 4) ? inside : big ? place(in.getLong(inside)) : in.getInt(inside);
    }

    /** The first value of a tag, 0 if there is none. */
    int size(int tag) {
        for (int i = 0; i < entries; i++) {
            if (tag(i) == tag) {
                return first(i);
            }
        }
        return 0;
    }

    /** The first value. */
    int first(int entry) {
        int place = values(entry);
        return switch (width(type(entry))) {
            case 2 -> in.getShort(place) & 0xFFFF;
            case 8 -> place(in.getLong(place));
            case 4 -> in.getInt(place);
            default -> in.get(place) & 255;
        };
    }

    static int place(long offset) {
        if (offset < 0 || offset > Integer.MAX_VALUE) {
            throw new IndexOutOfBoundsException("offset " + offset);
        }
        return (int) offset;
    }

    /** All values of a tag; none if the directory lacks it. */
    long[] all(int tag) {
        for (int i = 0; i < entries; i++) {
            if (tag(i) == tag) {
                int place = values(i);
                int width = width(type(i));
                if (count(i) > in.limit() / width) {
                    throw new IndexOutOfBoundsException("tag " + tag + " has " + count(i) + " values");
                }
                long[] found = new long[(int) count(i)];
                for (int k = 0; k < found.length; k++) {
                    int at = place + k * width;
                    found[k] = switch (width) {
                        case 2 -> in.getShort(at) & 0xFFFF;
                        case 4 -> in.getInt(at) & 0xFFFFFFFFL;
                        case 8 -> in.getLong(at);
                        default -> in.get(at) & 255;
                    };
                }
                return found;
            }
        }
        return new long[0];
    }

    /** Bytes of a value of a type; 1 for unknown ones. */
    static int width(int type) {
        return switch (type) {
            case 3, 8 -> 2;
            case 4, 9, 11, 13 -> 4;
            case 5, 10, 12, 16, 17, 18 -> 8;
            default -> 1;
        };
    }
}
