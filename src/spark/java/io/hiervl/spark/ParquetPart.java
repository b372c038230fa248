package io.hiervl.spark;

import io.hiervl.predict.Prediction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** The rows of a chunk as one Parquet file, made in memory: it appears at once or not at all, and so commits the chunk. */
final class ParquetPart {
    /** {@link PhotoResult#SCHEMA} as Parquet writes it. */
    private static final MessageType TYPE = MessageTypeParser.parseMessageType("""
        message photo {
          required binary path (STRING);
          optional int32 width;
          optional int32 height;
          optional group classes (LIST) {
            repeated group list {
              required group element {
                required int32 index;
                required binary name (STRING);
                required int64 pixels;
                required double fraction;
                required double mean_score;
              }
            }
          }
          optional double mean_confidence;
          optional binary labels (STRING);
          optional binary overlay (STRING);
          optional binary error (STRING);
        }""");

    private ParquetPart() {
    }

    static byte[] of(List<PhotoResult> rows, Configuration configuration) {
        Memory memory = new Memory();
        SimpleGroupFactory factory = new SimpleGroupFactory(TYPE);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(memory).withType(TYPE).withConf(configuration)
            .withCompressionCodec(CompressionCodecName.SNAPPY).build()) {
            for (PhotoResult row : rows) {
                writer.write(group(factory.newGroup(), row));
            }
        } catch (IOException e) {
            throw new IllegalStateException("memory takes what is written", e);
        }
        return memory.bytes.toByteArray();
    }

    private static Group group(Group group, PhotoResult row) {
        group.append("path", row.path());
        Prediction p = row.prediction();
        if (p == null) {
            return group.append("error", row.error());
        }
        group.append("width", p.labels().width()).append("height", p.labels().height());
        Group classes = group.addGroup("classes");
        for (Prediction.Area a : row.areas()) {
            classes.addGroup("list").addGroup("element").append("index", a.index()).append("name", a.name()).append("pixels", a.pixels())
                .append("fraction", a.fraction()).append("mean_score", a.meanScore());
        }
        group.append("mean_confidence", row.meanConfidence());
        if (row.labels() != null) {
            group.append("labels", row.labels());
        }
        return row.overlay() == null ? group : group.append("overlay", row.overlay());
    }

    /** A file in memory. */
    private static final class Memory implements OutputFile {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public PositionOutputStream create(long blockSizeHint) {
            return new PositionOutputStream() {
                @Override
                public long getPos() {
                    return bytes.size();
                }

                @Override
                public void write(int b) {
                    bytes.write(b);
                }

                @Override
                public void write(byte[] b, int off, int len) {
                    bytes.write(b, off, len);
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSizeHint) {
            return create(blockSizeHint);
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
    }
}
