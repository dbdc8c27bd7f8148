package dev.holdfast.host.operate;

import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.transfer.BundleFile;
import dev.holdfast.host.transfer.BundleReader;
import dev.holdfast.host.transfer.DamagedBundleException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The archives of models in a model store, on their way into a bundle and out of one. Used by one thread. */
final class ModelArchives {

    private static final String HALF = ".holdfast-import-";
    private static final int BUFFER = 256 * 1024;
    private static final int MOST_FILES = 100_000;

    private final Path modelStore;
    private final Path workflowStore;
    /** The archives of the bundle that are not here yet: files, or directories of files. */
    private final Set<String> lacking = new LinkedHashSet<>();

    private int files;
    /** What stands in the way of an import; empty if nothing does. */
    private String inTheWay = "";

    /** @param workflowStore where those of workflows are; empty where they lie among those of models */
    ModelArchives(Path modelStore, Optional<Path> workflowStore) {
        this.modelStore = modelStore;
        this.workflowStore = workflowStore.orElse(modelStore);
    }

    /** Where an archive lies, or is to lie. */
    private Path store(String archive) {
        return archive.toLowerCase(Locale.ROOT).endsWith(".war") ? workflowStore : modelStore;
    }

    /**
     * The files of all archives that a state needs.
     *
     * @throws IOException if one is not there, or is a link
     */
    List<BundleFile> of(ServingState state) throws IOException {
        Set<String> names = new TreeSet<>();
        state.models()
                .values()
                .forEach(model -> model.versions().values().forEach(version -> names.add(version.archive())));
        List<BundleFile> found = new ArrayList<>();
        for (String name : names) {
            Path archive = store(name).resolve(name);
            try (Stream<Path> tree = Files.walk(archive)) {
                for (Path file : tree.sorted().toList()) {
                    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                        found.add(new BundleFile(
                                store(name).relativize(file).toString().replace('\\', '/'), file));
                    } else if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                        throw new IOException(file + " is neither a file nor a directory, and cannot be exported");
                    }
                }
            }
        }
        return found;
    }

    /**
     * Compares a bundle's files with those that are here; writes nothing.
     *
     * @return what is shown each file; where another one is in its place, {@link #requireNoOther} says so, once the bundle was
     *     read to its end and is known to be sound
     */
    BundleReader.Files comparing() {
        return (name, size, content) -> {
            Path path = checked(name);
            if (++files > MOST_FILES) {
                throw new DamagedBundleException("The bundle has more than " + MOST_FILES + " files of archives");
            }
            Path store = store(path.getName(0).toString());
            Path top = store.resolve(path.getName(0));
            if (!Files.exists(top, LinkOption.NOFOLLOW_LINKS)) {
                lacking.add(path.getName(0).toString());
                BundleReader.Files.pass(size, content);
            } else if (!isSame(store.resolve(path), size, content) && inTheWay.isEmpty()) {
                inTheWay = "archive " + path.getName(0) + " of the model store " + store
                        + " is another one than that of the file (" + name + " differs)";
            }
        };
    }

    /** @throws RefusedException if an archive of the model store has the name of one of the bundle, and is another one */
    void requireNoOther() {
        if (!inTheWay.isEmpty()) {
            throw new RefusedException("Not imported, and nothing changed: " + inTheWay
                    + ". Move it away, or name another model store with -D model_store=DIR");
        }
    }

    /** Whether the model store lacks archives of the bundle. */
    boolean isLacking() {
        return !lacking.isEmpty();
    }

    /** Whoever wrote the bundle chose the name. */
    private Path checked(String name) throws DamagedBundleException {
        try {
            Path path = Path.of(name);
            boolean inside = !path.isAbsolute()
                    && path.equals(path.normalize())
                    && !name.startsWith(".")
                    && !name.contains("\\")
                    && path.getNameCount() > 0
                    && modelStore.resolve(path).startsWith(modelStore);
            if (inside) {
                return path;
            }
        } catch (InvalidPathException e) {
            throw new DamagedBundleException("The bundle has a file of an archive with a name that is none", e);
        }
        throw new DamagedBundleException(
                "The bundle has a file of an archive that would lie outside of the model store: " + OneLine.name(name));
    }

    /** Reads the content to its end in any case. */
    private static boolean isSame(Path file, long size, InputStream content) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != size) {
            BundleReader.Files.pass(size, content);
            return false;
        }
        boolean same = true;
        try (InputStream here = Files.newInputStream(file)) {
            for (long left = size; left > 0; ) {
                byte[] theirs = content.readNBytes((int) Math.min(BUFFER, left));
                if (theirs.length == 0) {
                    throw new DamagedBundleException("The bundle ends too early");
                }
                same = same && Arrays.equals(here.readNBytes(theirs.length), theirs);
                left -= theirs.length;
            }
        }
        return same;
    }

    /** Writes the files of the archives that are lacking, beside where they will be. */
    BundleReader.Files writing() {
        return (name, size, content) -> {
            Path path = checked(name);
            String top = path.getName(0).toString();
            if (!lacking.contains(top)) {
                BundleReader.Files.pass(size, content);
                return;
            }
            Path half = store(top).resolve(HALF + top);
            Path target = path.getNameCount() == 1 ? half : half.resolve(path.subpath(1, path.getNameCount()));
            OwnFiles.createParent(target);
            write(target, size, content);
        };
    }

    private static void write(Path target, long size, InputStream content) throws IOException {
        try (FileChannel channel = FileChannel.open(
                target, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            for (long left = size; left > 0; ) {
                byte[] bytes = content.readNBytes((int) Math.min(BUFFER, left));
                if (bytes.length == 0) {
                    throw new DamagedBundleException("The bundle ends too early");
                }
                OwnFiles.writeAll(channel, bytes);
                left -= bytes.length;
            }
            channel.force(true);
        }
    }

    /**
     * Removes what an import that broke off has left.
     *
     * @throws IOException if the model store cannot be made or written
     */
    void tidy() throws IOException {
        Files.createDirectories(modelStore);
        Files.createDirectories(workflowStore);
        for (String name : lacking) {
            FileTrees.delete(store(name).resolve(HALF + name));
        }
    }

    /** Gives the written archives their names; each appears whole. */
    int finish() throws IOException {
        for (String name : lacking) {
            Files.move(store(name).resolve(HALF + name), store(name).resolve(name), StandardCopyOption.ATOMIC_MOVE);
        }
        return lacking.size();
    }
}
