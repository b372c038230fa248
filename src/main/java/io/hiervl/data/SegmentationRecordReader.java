package io.hiervl.data;

import io.hiervl.HierVlException;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.datavec.api.conf.Configuration;
import org.datavec.api.records.Record;
import org.datavec.api.records.metadata.RecordMetaData;
import org.datavec.api.records.metadata.RecordMetaDataURI;
import org.datavec.api.records.reader.BaseRecordReader;
import org.datavec.api.split.InputSplit;
import org.datavec.api.writable.NDArrayWritable;
import org.datavec.api.writable.Writable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A DataVec reader that delivers image and label in step: one record of {@link NDArrayWritable}s per sample, made by
 * {@link Views}, so that photo and mask went through the same random geometry. Training takes its batches from here.
 *
 * <p>{@link #record(int, long)} may be called from several threads; the sequence ({@link #next()}, {@link #reset()}) is
 * one thread's.
 */
final class SegmentationRecordReader extends BaseRecordReader {
    /** NONE leaves masks alone; IF_USABLE goes on without one that is missing or wrong. */
    enum Masks { REQUIRED, IF_USABLE, NONE }

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(SegmentationRecordReader.class);

    private final transient Dataset dataset;
    private final transient SplitList list;
    private final transient Views views;
    private final transient Masks masks;
    private final long seed;
    private int cursor;
    private long pass;
    private volatile boolean warned;

    /**
     * @param masks whether masks are loaded
     * @param seed  of the draws in the sequence; every pass draws anew
     */
    SegmentationRecordReader(Dataset dataset, SplitList list, Views views, Masks masks, long seed) {
        this.dataset = dataset;
        this.list = list;
        this.views = views;
        this.masks = masks;
        this.seed = seed;
    }

    /** How many samples the list has. */
    int size() {
        return list.size();
    }

    Sample sample(int index) {
        return list.samples().get(index);
    }

    /** The record of one sample with the random choices that belong to {@code draw}. */
    List<Writable> record(int index, long draw) {
        List<Writable> record = new ArrayList<>();
        Pair pair = load(list.samples().get(index));
        for (INDArray array : views.make(pair, Shuffle.random(seed, draw))) {
            record.add(new NDArrayWritable(array));
        }
        return record;
    }

    private Pair load(Sample sample) {
        if (masks != Masks.IF_USABLE || !sample.hasMask()) {
            return dataset.load(sample, masks == Masks.REQUIRED);
        }
        if (!Files.exists(dataset.mask(sample))) {
            warn("there is no " + sample.maskPath());
            return dataset.load(sample, false);
        }
        try {
            return dataset.load(sample, true);
        } catch (HierVlException e) {
            // The photo may be the culprit: then loading it alone fails with its name.
            Pair pair = dataset.load(sample, false);
            warn(e.getMessage());
            return pair;
        }
    }

    private void warn(String why) {
        if (!warned) {
            warned = true;
            LOG.warn("not every mask of {} is used (only the log needs them): {}", list.file(), why);
        }
    }

    @Override
    public List<Writable> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + size() + " records of " + list.file() + " were read");
        }
        List<Writable> record = record(cursor, pass * size() + cursor);
        invokeListeners(record);
        cursor++;
        return record;
    }

    @Override
    public boolean batchesSupported() {
        return true;
    }

    /** The next records, fewer at the end of the list. */
    @Override
    public List<List<Writable>> next(int count) {
        List<List<Writable>> records = new ArrayList<>();
        while (records.size() < count && hasNext()) {
            records.add(next());
        }
        return records;
    }

    @Override
    public boolean hasNext() {
        return cursor < size();
    }

    @Override
    public void reset() {
        cursor = 0;
        pass++;
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    /** Class names in index order. */
    @Override
    public List<String> getLabels() {
        return dataset.spec().classes();
    }

    @Override
    public Record nextRecord() {
        Sample sample = sample(cursor);
        return new org.datavec.api.records.impl.Record(next(),
            new RecordMetaDataURI(sample.imagePath().toUri(), SegmentationRecordReader.class));
    }

    @Override
    public Record loadFromMetaData(RecordMetaData meta) throws IOException {
        for (int i = 0; i < size(); i++) {
            if (sample(i).imagePath().toUri().equals(meta.getURI())) {
                return new org.datavec.api.records.impl.Record(record(i, i), meta);
            }
        }
        throw new IOException(meta.getURI() + " is not in " + list.file());
    }

    @Override
    public List<Record> loadFromMetaData(List<RecordMetaData> metas) throws IOException {
        List<Record> records = new ArrayList<>();
        for (RecordMetaData meta : metas) {
            records.add(loadFromMetaData(meta));
        }
        return records;
    }

    /** Not possible: a sample is two files, one stream is not enough. */
    @Override
    public List<Writable> record(URI uri, DataInputStream stream) {
        throw new UnsupportedOperationException("a record needs the photo and its mask");
    }

    /** The list was given to the constructor; a split has nothing to add. */
    @Override
    public void initialize(InputSplit split) {
        cursor = 0;
    }

    @Override
    public void initialize(Configuration conf, InputSplit split) {
        cursor = 0;
    }

    @Override
    public void setConf(Configuration conf) {
        // Nothing to configure.
    }

    @Override
    public Configuration getConf() {
        return null;
    }

    @Override
    public void close() {
        // Files are opened and closed per record.
    }
}
