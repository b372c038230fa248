package io.hiervl.image;

import java.util.ArrayList;
import java.util.List;

/**
 * Follows the compressed data of a baseline JPEG (ITU-T T.81) block by block without making pixels of them. Decoders go on after damage:
 * what follows is displaced, of another colour, or grey, and no error tells of it.
 */
final class JpegScan {
    /** An 8-bit picture has DC values of at most 1024; edited files go a little beyond. */
    private static final int LARGEST_DC = 1536;
    private static final int TOO_MANY_LEFT = 0;

    private static final class Component {
        private int id;
        private int h;
        private int v;
        private int table;
        private int dcTable;
        private int acTable;
        private int dc;
    }

    private static final class Damage extends Exception {
        private static final long serialVersionUID = 1L;

        Damage(String what) {
            super(what, null, false, false);
        }
    }

    private final byte[] b;
    private final int[][] lookups = new int[8][];
    private final int[] firstQuantum = new int[4];
    private final List<Component> components = new ArrayList<>();
    private int width;
    private int height;
    private int restart;
    private int at = 2;
    private int bits;
    private int bitCount;
    /** Bits behind the end are ones; whether they are used is found when they are taken. */
    private int behind;

    private JpegScan(byte[] bytes) {
        this.b = bytes;
    }

    /** What is wrong with a file whose markers were found complete; null if nothing, or if it is not a baseline JPEG of 8 bits. */
    static String damage(byte[] bytes) {
        try {
            new JpegScan(bytes).walk();
            return null;
        } catch (Damage e) {
            return e.getMessage();
        } catch (IndexOutOfBoundsException e) {
            return null; // a structure that this reader does not know
        }
    }

    private void walk() throws Damage {
        while (at + 3 < b.length) {
            if ((b[at] & 255) != 0xFF || (b[at + 1] & 255) == 0xFF) {
                at++;
                continue;
            }
            int marker = b[at + 1] & 255;
            int length = int16(at + 2);
            int data = at + 4;
            if (marker == 0xD9) {
                return;
            } else if (marker == 0xC0 || marker == 0xC1) {
                if ((b[data] & 255) != 8) {
                    return;
                }
                frame(data);
            } else if (marker >= 0xC2 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
                return;
            } else if (marker == 0xC4) {
                huffman(data, at + 2 + length);
            } else if (marker == 0xDB) {
                quanta(data, at + 2 + length);
            } else if (marker == 0xDD) {
                restart = int16(data);
            }
            at += 2 + length;
            if (marker == 0xDA) {
                scan(data);
            }
        }
    }

    private void frame(int data) {
        height = int16(data + 1);
        width = int16(data + 3);
        components.clear();
        for (int i = 0; i < (b[data + 5] & 255); i++) {
            Component c = new Component();
            c.id = b[data + 6 + 3 * i] & 255;
            c.h = b[data + 7 + 3 * i] >> 4 & 15;
            c.v = b[data + 7 + 3 * i] & 15;
            c.table = b[data + 8 + 3 * i] & 3;
            components.add(c);
        }
    }

    private void quanta(int from, int to) {
        for (int p = from; p < to;) {
            int wide = b[p] >> 4 & 15;
            firstQuantum[b[p] & 3] = wide == 0 ? b[p + 1] & 255 : int16(p + 1);
            p += 1 + (wide == 0 ? 64 : 128);
        }
    }

    /** Tables of 16 bits: every continuation of a code leads to its length and value. */
    private void huffman(int from, int to) {
        for (int p = from; p < to;) {
            int[] table = new int[1 << 16];
            int index = (b[p] >> 4 & 1) * 4 + (b[p] & 3);
            int value = p + 17;
            int code = 0;
            for (int length = 1; length <= 16; length++) {
                for (int i = 0; i < (b[p + length] & 255); i++, code++) {
                    int start = code << 16 - length;
                    java.util.Arrays.fill(table, start, start + (1 << 16 - length), length << 8 | b[value++] & 255);
                }
                code <<= 1;
            }
            lookups[index] = table;
            p = value;
        }
    }

    private void scan(int data) throws Damage {
        List<Component> parts = new ArrayList<>();
        int n = b[data] & 255;
        for (int i = 0; i < n; i++) {
            int id = b[data + 1 + 2 * i] & 255;
            Component c = components.stream().filter(x -> x.id == id).findFirst().orElse(null);
            if (c == null) {
                return;
            }
            c.dcTable = b[data + 2 + 2 * i] >> 4 & 3;
            c.acTable = 4 + (b[data + 2 + 2 * i] & 3);
            c.dc = 0;
            parts.add(c);
        }
        int hMax = components.stream().mapToInt(c -> c.h).max().orElse(1);
        int vMax = components.stream().mapToInt(c -> c.v).max().orElse(1);
        boolean single = n == 1;
        int across = single ? up(up(width * parts.get(0).h, hMax), 8) : up(width, 8 * hMax);
        int down = single ? up(up(height * parts.get(0).v, vMax), 8) : up(height, 8 * vMax);
        int rowHeight = single ? 8 * vMax / parts.get(0).v : 8 * vMax;
        reset();
        for (int mcu = 0; mcu < across * down; mcu++) {
            int row = mcu / across * rowHeight;
            if (restart > 0 && mcu > 0 && mcu % restart == 0) {
                restart(parts, row);
            }
            for (Component c : parts) {
                for (int k = 0; k < (single ? 1 : c.h * c.v); k++) {
                    block(c, row);
                }
            }
        }
        int padding = bitCount - behind & 7;
        if ((bits >> behind & (1 << padding) - 1) != (1 << padding) - 1) {
            throw new Damage("its compressed data do not end where the last row does");
        }
        int end = at - (bitCount - behind) / 8;
        int next = end;
        while (next + 1 < b.length && ((b[next] & 255) != 0xFF || b[next + 1] == 0)) {
            next++;
        }
        at = next;
        if (next - end > TOO_MANY_LEFT) {
            throw new Damage("after the last row " + (next - end) + " bytes of compressed data are left over");
        }
    }

    private void reset() {
        bits = 0;
        bitCount = 0;
        behind = 0;
    }

    private void restart(List<Component> parts, int row) throws Damage {
        at -= (bitCount - behind) / 8;
        reset();
        while (at + 1 < b.length && ((b[at] & 255) != 0xFF || b[at + 1] == 0)) {
            at++;
        }
        int marker = at + 1 < b.length ? b[at + 1] & 255 : 0;
        if (marker < 0xD0 || marker > 0xD7) {
            throw new Damage("its compressed data end at row " + row);
        }
        at += 2;
        parts.forEach(c -> c.dc = 0);
    }

    private void block(Component c, int row) throws Damage {
        int size = symbol(lookups[c.dcTable], row);
        c.dc += value(size, row);
        if (Math.abs((long) c.dc * firstQuantum[c.table]) > LARGEST_DC + firstQuantum[c.table]) {
            throw new Damage("its compressed data make no sense from row " + row + " on");
        }
        for (int k = 1; k < 64; k++) {
            int rs = symbol(lookups[c.acTable], row);
            int run = rs >> 4;
            int length = rs & 15;
            if (length == 0 && run != 15) {
                return;
            }
            k += run;
            if (k > 63) {
                throw new Damage("its compressed data make no sense from row " + row + " on");
            }
            value(length, row);
        }
    }

    private int symbol(int[] table, int row) throws Damage {
        fill(16);
        int entry = table == null ? 0 : table[bits >> bitCount - 16 & 0xFFFF];
        int length = entry >> 8;
        if (length == 0) {
            throw new Damage("its compressed data make no sense from row " + row + " on");
        }
        take(length, row);
        return entry & 255;
    }

    private int value(int size, int row) throws Damage {
        if (size == 0) {
            return 0;
        }
        fill(size);
        int raw = bits >> bitCount - size & (1 << size) - 1;
        take(size, row);
        return raw < 1 << size - 1 ? raw - (1 << size) + 1 : raw;
    }

    private void fill(int wanted) {
        while (bitCount < wanted) {
            int next = 0xFF;
            if (at >= b.length || (b[at] & 255) == 0xFF && (at + 1 >= b.length || b[at + 1] != 0)) {
                behind += 8;
            } else {
                next = b[at] & 255;
                at += next == 0xFF ? 2 : 1;
            }
            bits = (bits & 0xFFFF) << 8 | next;
            bitCount += 8;
        }
    }

    private void take(int count, int row) throws Damage {
        bitCount -= count;
        if (bitCount < behind) {
            throw new Damage("its compressed data end at row " + row);
        }
        behind = bitCount == 0 ? 0 : behind;
    }

    private int int16(int p) {
        return (b[p] & 255) << 8 | b[p + 1] & 255;
    }

    private static int up(int value, int by) {
        return (value + by - 1) / by;
    }
}
