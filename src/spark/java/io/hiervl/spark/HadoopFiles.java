package io.hiervl.spark;

import io.hiervl.AtomicFile;
import io.hiervl.Folders;
import io.hiervl.HierVlException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.EnumSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Files on whatever Hadoop reads: local, HDFS, S3A. Paths are text, with or without a scheme. Files are written completely or
 * not at all. Safe for several threads; travels to executors.
 */
final class HadoopFiles implements Serializable {
    private static final long serialVersionUID = 1L;

    private final SerializableConfiguration configuration;

    HadoopFiles(Configuration configuration) {
        this.configuration = new SerializableConfiguration(configuration);
    }

    /** Files as an application with these settings sees them, before it starts. */
    static HadoopFiles of(SparkConf conf) {
        return new HadoopFiles(SparkHadoopUtil.get().newConfiguration(conf));
    }

    Configuration configuration() {
        return configuration.value();
    }

    /** @throws HierVlException environment error: Hadoop names a class for the scheme, and it or what it needs is missing */
    FileSystem system(Path path) throws IOException {
        try {
            return path.getFileSystem(configuration.value());
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw HierVlException.environment("cannot start Hadoop's file system for " + path + ": " + first(e)
                + "; start with the libraries of '" + path.toUri().getScheme() + "', see docs/spark.md", e);
        }
    }

    /**
     * A path with its scheme.
     *
     * @throws HierVlException usage error: the scheme is unknown or the text no path
     */
    Path path(String text) {
        try {
            Path path = new Path(text);
            return system(path).makeQualified(path);
        } catch (IOException | IllegalArgumentException e) {
            throw HierVlException.usage("'" + text + "' is no path that Hadoop knows here: " + first(e));
        }
    }

    /** A path as any machine reads it: absolute, with its scheme unless local files are the usual ones here. */
    String absolute(String text) {
        return text(path(text));
    }

    String text(Path path) {
        boolean usual = "file".equals(FileSystem.getDefaultUri(configuration.value()).getScheme());
        return usual && "file".equals(path.toUri().getScheme()) ? path.toUri().getPath() : path.toString();
    }

    /** The file on this machine that a path means; null if it means one elsewhere. */
    java.nio.file.Path here(String text) {
        Path path = path(text);
        return "file".equals(path.toUri().getScheme()) ? java.nio.file.Path.of(path.toUri().getPath()) : null;
    }

    /** What is there; null if nothing is. */
    FileStatus status(String text) {
        Path path = path(text);
        try {
            return system(path).getFileStatus(path);
        } catch (FileNotFoundException e) {
            return null;
        } catch (IOException e) {
            throw HierVlException.data("cannot read " + text + ": " + first(e), e);
        }
    }

    boolean exists(String text) {
        return status(text) != null;
    }

    /** Entries of a folder; empty if there is no such folder. */
    FileStatus[] list(String text) {
        Path path = path(text);
        try {
            return system(path).listStatus(path);
        } catch (FileNotFoundException e) {
            return new FileStatus[0];
        } catch (IOException e) {
            throw HierVlException.data("cannot list " + text + ": " + first(e), e);
        }
    }

    /** @throws HierVlException data error: there is no such file, or it cannot be read */
    byte[] read(String text) {
        Path path = path(text);
        try (InputStream in = system(path).open(path)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw HierVlException.data("cannot read " + text + ": " + (e instanceof FileNotFoundException ? "it does not exist" : first(e)),
                e);
        }
    }

    /** Writes a file whose folder is made if needed; replaces one of that name. */
    void write(String text, byte[] bytes) {
        java.nio.file.Path here = here(text);
        if (here != null) {
            Folders.create(here.toAbsolutePath().getParent());
            AtomicFile.write(here, out -> out.write(bytes));
            return;
        }
        replace(text, out -> out.write(bytes));
    }

    /** Copies a file of this machine to a path. */
    void upload(java.nio.file.Path from, String text) {
        java.nio.file.Path here = here(text);
        if (here != null) {
            Folders.create(here.toAbsolutePath().getParent());
            AtomicFile.write(here, out -> Files.copy(from, out));
            return;
        }
        replace(text, out -> Files.copy(from, out));
    }

    private void replace(String text, AtomicFile.Content content) {
        Path path = path(text);
        Path temporary = new Path(path.getParent(), "." + path.getName() + "." + AtomicFile.randomName());
        try {
            FileContext context = FileContext.getFileContext(path.toUri(), configuration.value());
            try (OutputStream out = context.create(temporary, EnumSet.of(CreateFlag.CREATE), Options.CreateOpts.createParent())) {
                content.writeTo(out);
            }
            context.rename(temporary, path, Options.Rename.OVERWRITE);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write " + text + ": " + first(e), e);
        }
    }

    /** Makes a folder and its parents, and checks that files can be made in it. */
    void requireFolder(String text, String what) {
        java.nio.file.Path here = here(text);
        if (here != null) {
            Folders.require(here, what);
            return;
        }
        Path path = path(text);
        try {
            if (!system(path).mkdirs(path)) {
                throw new IOException("it cannot be made");
            }
            Path probe = new Path(path, ".probe-" + AtomicFile.randomName());
            system(path).create(probe).close();
            system(path).delete(probe, false);
        } catch (IOException e) {
            throw HierVlException.environment("cannot write " + what + " to " + text + ": " + first(e), e);
        }
    }

    void delete(String text) {
        Path path = path(text);
        try {
            system(path).delete(path, true);
        } catch (IOException e) {
            throw HierVlException.environment("cannot remove " + text + ": " + first(e), e);
        }
    }

    /** The first line of a failure; Hadoop's messages hold stack traces of other machines. */
    static String first(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.lines().findFirst().orElse("");
    }
}
