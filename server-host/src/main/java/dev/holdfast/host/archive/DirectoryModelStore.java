package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.channels.Channels;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model store that is a directory of the file system.
 *
 * <p>Archives lie directly in it: {@code x.onnx}, {@code x.mar}, {@code x.zip} and {@code x.tar.gz}, and directories with a
 * manifest, one {@code .onnx} file, or files of Python. Bare models and directories are read where they are; the others are
 * unpacked into the work directory, first under a name that says so, and renamed when they are whole.
 *
 * <p>A location comes from a management call or a snapshot, and is not trusted: it is taken apart into the elements of a
 * path, and what it leads to, links followed, must lie in the store.
 */
public final class DirectoryModelStore implements ModelStore, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DirectoryModelStore.class);
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):.*", Pattern.DOTALL);

    private final Path store;
    private final WorkDirectory work;
    private final UrlPolicy urls;
    private final ArchiveLimits limits;
    private final HttpDownload download;
    private final Clock clock;
    private final Digests digests = new Digests();
    private final FetchedFiles fetched;

    /**
     * A store that touches no file yet.
     *
     * @param store the directory of the archives
     * @param work the directory to unpack into; made when it is needed, and fit to be shared by several hosts
     */
    public DirectoryModelStore(Path store, Path work, UrlPolicy urls, ArchiveLimits limits) {
        this(
                store,
                work,
                urls,
                limits,
                InetAddress::getAllByName,
                () -> (SSLSocketFactory) SSLSocketFactory.getDefault(),
                Clock.systemUTC());
    }

    DirectoryModelStore(
            Path store,
            Path work,
            UrlPolicy urls,
            ArchiveLimits limits,
            HttpDownload.Resolver resolver,
            Supplier<SSLSocketFactory> tls,
            Clock clock) {
        this.store = store.toAbsolutePath().normalize();
        this.work = new WorkDirectory(work);
        this.urls = urls;
        this.limits = limits;
        this.download = new HttpDownload(urls, limits, resolver, tls);
        this.clock = clock;
        this.fetched = new FetchedFiles(this.store, digests);
    }

    /** Its archives as files. */
    public ArchiveFiles files() {
        return new ArchiveFiles(store, fetched, digests, limits);
    }

    @Override
    public Archive open(String location) {
        String trimmed = location.strip();
        if (trimmed.isEmpty()) {
            throw new ArchiveException(Reason.NOT_FOUND, "empty url");
        }
        var scheme = SCHEME.matcher(trimmed);
        if (!scheme.matches()) {
            return openFile(fileName(trimmed));
        }
        return switch (scheme.group(1).toLowerCase(Locale.ROOT)) {
            case "file" -> openFileUrl(trimmed);
            case "http", "https" -> openFetched(trimmed);
            default -> throw notAllowed("Given URL " + OneLine.of(trimmed) + " does not match any allowed URL(s)");
        };
    }

    @Override
    public List<String> list() {
        return scan().entrySet().stream()
                .filter(entry -> entry.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }

    @Override
    public SortedMap<String, String> passedOver() {
        TreeMap<String, String> passedOver = new TreeMap<>(scan());
        passedOver.values().removeIf(String::isEmpty);
        return passedOver;
    }

    /** What is in the store, without hidden files, by its name: empty for an archive, else why it is none. */
    private SortedMap<String, String> scan() {
        TreeMap<String, String> found = new TreeMap<>();
        try {
            Path root = root();
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
                for (Path entry : entries) {
                    String name = entry.getFileName().toString();
                    if (!name.startsWith(".")) {
                        found.put(
                                name,
                                isVisible(name)
                                        ? whyNoArchive(root, entry)
                                        : "its name must match " + ModelNames.PATTERN);
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw failed("The model store " + store + " cannot be listed", e);
        }
        return found;
    }

    @Override
    public void forget(String fileName) {
        requireVisible(fileName);
        try {
            fetched.forget(fileName);
        } catch (IOException e) {
            throw failed("The fetched archive " + fileName + " cannot be removed from the model store " + store, e);
        }
    }

    @Override
    public boolean setAside(String fileName) {
        requireVisible(fileName);
        try {
            return fetched.setAside(fileName);
        } catch (IOException e) {
            throw failed("The damaged archive " + fileName + " cannot be moved in the model store " + store, e);
        }
    }

    /** Removes what earlier hosts, and fetches that were cut off, have left. To be called once, at start. */
    public void clean() {
        try {
            work.clean();
            if (Files.isDirectory(store)) {
                fetched.clean(clock, limits.downloadTime());
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.warn("What earlier hosts left cannot be removed: {}", e.toString());
            LOG.debug("The cause", e);
        }
    }

    /** Removes everything that is unpacked; to be called after the last archive was closed. */
    @Override
    public void close() {
        try {
            work.close();
        } catch (IOException e) {
            LOG.warn("Unpacked archives cannot be removed: {}", e.toString());
            LOG.debug("The cause", e);
        }
    }

    private Archive openFetched(String location) {
        URI url = urls.check(location);
        String path = url.getPath();
        String fileName = path.substring(path.lastIndexOf('/') + 1);
        if (!isVisible(fileName) || Kind.ofFile(fileName).isEmpty()) {
            throw notAllowed("Given URL " + UrlPolicy.shown(url) + " must end in the name of an archive that matches "
                    + ModelNames.PATTERN + " and ends in " + Kind.ENDINGS);
        }
        return placed(fileName, part -> download.fetch(url, part));
    }

    private Archive openFileUrl(String location) {
        String path = pathOf(location);
        Path file;
        try {
            file = Path.of(path);
        } catch (InvalidPathException e) {
            return openFile(fileName(path));
        }
        return file.isAbsolute() && !isStore(file.getParent()) && urls.allowsFile(location, file)
                ? openCopied(file)
                : openFile(fileName(path));
    }

    /** Copies the file into the store as a fetch does, because a snapshot can name only files of the store. */
    private Archive openCopied(Path file) {
        String fileName = String.valueOf(file.getFileName());
        if (!isVisible(fileName) || Kind.ofFile(fileName).isEmpty()) {
            throw notAllowed("Given URL file://" + OneLine.name(file.toString()) + " must end in the name of an archive"
                    + " that matches " + ModelNames.PATTERN + " and ends in " + Kind.ENDINGS);
        }
        return placed(fileName, part -> {
            if (!Files.isRegularFile(file)) {
                throw new ArchiveException(Reason.NOT_FOUND, "Model not found at: " + OneLine.name(file.toString()));
            }
            if (Files.size(file) > limits.downloadBytes()) {
                throw new ArchiveException(
                        Reason.TOO_BIG,
                        "Archive " + OneLine.name(file.toString()) + " has more than " + limits.downloadBytes()
                                + " bytes");
            }
            try (OutputStream out = Channels.newOutputStream(
                    OwnFiles.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
                Files.copy(file, out);
            }
        });
    }

    /** Brings an archive from elsewhere into a file. */
    private interface Bringer {
        void bring(Path part) throws IOException;
    }

    private Archive placed(String fileName, Bringer bringer) {
        fetched.requireFree(fileName);
        Path part = fetched.part();
        try {
            root();
            try {
                bringer.bring(part);
                fetched.place(part, fileName);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw failed("The archive " + fileName + " cannot be written to " + store, e);
        }
        try {
            return openFile(fileName);
        } catch (RuntimeException e) {
            forgetAfter(e, fileName);
            throw e;
        }
    }

    /** A fetched file that cannot be opened is of no use, and would be in the way of the next attempt. */
    private void forgetAfter(RuntimeException failure, String fileName) {
        try {
            forget(fileName);
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** The name of the file in the store that a path stands for. */
    private String fileName(String location) {
        Path path;
        try {
            path = Path.of(location);
        } catch (InvalidPathException e) {
            throw new ArchiveException(
                    Reason.NOT_ALLOWED, "'" + OneLine.name(location) + "' is no path: " + e.getReason(), e);
        }
        for (Path element : path) {
            if (element.toString().equals("..")) {
                throw notAllowed("Relative path is not allowed in url: " + OneLine.name(location));
            }
        }
        Path parent = path.getParent();
        if (path.getFileName() == null || (path.isAbsolute() && !isStore(parent))) {
            throw notAllowed("'" + OneLine.name(location) + "' is not directly in the model store " + store);
        }
        String name = path.getFileName().toString();
        requireVisible(name);
        if (parent != null
                && !path.isAbsolute()
                && !parent.normalize().toString().isEmpty()) {
            requireNoOther(location, path, name);
            LOG.info(
                    "'{}' is taken for {} of the model store {}: of a relative path the last part counts",
                    OneLine.name(location),
                    name,
                    store);
        }
        return name;
    }

    /** A path with directories means the file at that place, never another file of the same name. */
    private void requireNoOther(String location, Path path, String name) {
        if (Files.exists(store.resolve(path))) {
            throw notAllowed("'" + OneLine.name(location) + "' is not directly in the model store " + store + ": move "
                    + name + " there, for archives in its directories are not looked for");
        }
    }

    private boolean isStore(@Nullable Path directory) {
        if (directory == null) {
            return false;
        }
        try {
            return directory.normalize().equals(store) || directory.normalize().equals(store.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    private static String pathOf(String fileUrl) {
        try {
            URI url = new URI(fileUrl);
            boolean plain = url.getPath() != null
                    && (url.getRawAuthority() == null || url.getRawAuthority().equals("localhost"))
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null;
            if (!plain) {
                throw notAllowed("'" + OneLine.name(fileUrl) + "' must have the form file:///path");
            }
            return url.getPath();
        } catch (URISyntaxException e) {
            throw new ArchiveException(
                    Reason.NOT_ALLOWED, "'" + OneLine.name(fileUrl) + "' is malformed: " + e.getReason(), e);
        }
    }

    private Archive openFile(String fileName) {
        try {
            Path real = realPath(fileName);
            if (Files.isDirectory(real)) {
                return openDirectory(fileName, real);
            }
            Kind kind = Files.isRegularFile(real) ? Kind.ofFile(fileName).orElse(null) : null;
            if (kind == null) {
                throw new ArchiveException("Archive " + fileName + " is of no known kind; known are files that end in "
                        + Kind.ENDINGS + ", and directories");
            }
            return kind == Kind.BARE ? openBare(fileName, real) : openPacked(fileName, real, kind);
        } catch (NoSuchFileException e) {
            throw new ArchiveException(Reason.NOT_FOUND, "Model not found at: " + fileName, e);
        } catch (UncheckedIOException | DirectoryIteratorException e) {
            throw failed("Archive " + fileName + " cannot be read", e);
        } catch (IOException e) {
            throw failed("Archive " + fileName + " cannot be read", e);
        }
    }

    private Path realPath(String fileName) throws IOException {
        Path root = root();
        Path real = root.resolve(fileName).toRealPath();
        if (!real.startsWith(root) || real.equals(root)) {
            throw notAllowed("Archive " + fileName + " is a link that leads out of the model store " + store);
        }
        return real;
    }

    private Archive openDirectory(String fileName, Path real) throws IOException {
        // The digest comes first: it is what looks at every link before anything is read through one.
        String sha256 = digests.ofDirectory(real, limits, fileName);
        Path content = content(real);
        ArchiveManifest manifest = ManifestReader.read(content, fileName, fileName);
        return new OpenedArchive(fileName, content, manifest, sha256, () -> {});
    }

    private Archive openBare(String fileName, Path real) throws IOException {
        Path file = real.getFileName();
        Path directory = real.getParent();
        if (file == null || directory == null) {
            throw new NoSuchFileException(fileName);
        }
        if (Files.size(real) == 0) {
            throw new ArchiveException("Archive " + fileName + " is empty");
        }
        ArchiveManifest manifest = ManifestReader.ofBareModel(file.toString(), Kind.stem(fileName));
        SortedSet<Path> data = data(fileName, real);
        // Once the file alone was counted, also where weights lie beside it.
        Optional<OpenedArchive.Digest> earlier =
                data.isEmpty() ? Optional.empty() : Optional.of(() -> digests.ofFile(real));
        return new OpenedArchive(
                fileName, directory, manifest, digests.ofModel(directory, real, data), earlier, () -> {});
    }

    /** TorchServe's archiver puts what it packs with tar below a directory with the model's name; so do many people. */
    private static Path content(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            List<Path> first = entries.limit(2).toList();
            return first.size() == 1
                            && Files.isDirectory(first.get(0))
                            && !String.valueOf(first.get(0).getFileName()).equals("MAR-INF")
                    ? first.get(0)
                    : directory;
        }
    }

    /** The files beside a bare model that it needs. */
    private static SortedSet<Path> data(String fileName, Path real) throws IOException {
        SortedSet<Path> data = ExternalData.of(real);
        for (Path file : data) {
            if (!Files.isRegularFile(file)) {
                throw new ArchiveException(
                        Reason.NOT_FOUND,
                        "Archive " + fileName + " keeps weights in the file '"
                                + OneLine.name(file.getFileName().toString())
                                + "', which is not beside it in the model store");
            }
        }
        return data;
    }

    private Archive openPacked(String fileName, Path real, Kind kind) throws IOException {
        String sha256 = digests.ofFile(real);
        Path staged = unpacked(fileName, real, kind);
        try {
            Path content = kind == Kind.TAR ? content(staged) : staged;
            ArchiveManifest manifest = ManifestReader.read(content, fileName, Kind.stem(fileName));
            if (!digests.ofFile(real).equals(sha256)) {
                throw new ArchiveException("Archive " + fileName + " changed while it was opened; open it again");
            }
            Path whole = work.publish(staged);
            Path root = whole.resolve(staged.relativize(content));
            return new OpenedArchive(fileName, root, manifest, sha256, () -> remove(whole));
        } catch (IOException | RuntimeException e) {
            remove(staged);
            throw e;
        }
    }

    /** What fails here is this host's disk, whatever the failure calls itself: the archive was read a moment ago. */
    private Path unpacked(String fileName, Path real, Kind kind) {
        Path staged = null;
        try {
            staged = work.stage();
            if (kind == Kind.TAR) {
                TarUnpacker.unpack(real, staged, limits, fileName);
            } else {
                ZipUnpacker.unpack(real, staged, limits, fileName);
            }
            return staged;
        } catch (IOException | RuntimeException e) {
            if (staged != null) {
                remove(staged);
            }
            if (e instanceof ArchiveException archive) {
                throw archive;
            }
            throw new ArchiveException(
                    Reason.FAILED,
                    "Archive " + fileName + " cannot be unpacked into " + work.directory() + ": "
                            + OneLine.of(e.toString())
                            + ". Make room there, or check its owner and mode, and try again",
                    e);
        }
    }

    private static void remove(Path directory) {
        try {
            FileTrees.delete(directory);
        } catch (IOException e) {
            LOG.warn("The unpacked archive in {} cannot be removed; remove it by hand: {}", directory, e.toString());
            LOG.debug("The cause", e);
        }
    }

    private Path root() throws IOException {
        try {
            return store.toRealPath();
        } catch (NoSuchFileException e) {
            throw new ArchiveException(Reason.FAILED, "The model store " + store + " does not exist; create it", e);
        }
    }

    /** Empty for an archive. */
    private static String whyNoArchive(Path root, Path entry) {
        try {
            Path real = entry.toRealPath();
            if (!real.startsWith(root) || real.equals(root)) {
                return "it is a link that leads out of the model store";
            }
            if (Files.isDirectory(real)) {
                return ManifestReader.looksLikeArchive(real) ? "" : "it is a directory without a manifest";
            }
            boolean archive = Files.isRegularFile(real)
                    && Kind.ofFile(entry.getFileName().toString()).isPresent();
            if (entry.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(Kind.WORKFLOW)) {
                return "it is a workflow; register it by POST /workflows";
            }
            return archive ? "" : "it is no file that ends in " + Kind.ENDINGS;
        } catch (IOException e) {
            LOG.debug("Passing over {}", entry, e);
            return "it cannot be read: " + OneLine.of(e.toString());
        }
    }

    private static boolean isVisible(String fileName) {
        return ModelNames.isSafe(fileName) && !fileName.startsWith(".");
    }

    private static void requireVisible(String fileName) {
        if (!isVisible(fileName)) {
            throw notAllowed("Archive name '" + OneLine.name(fileName) + "' must match " + ModelNames.PATTERN
                    + " and not begin with a dot");
        }
    }

    private static ArchiveException notAllowed(String message) {
        return new ArchiveException(Reason.NOT_ALLOWED, message);
    }

    private static ArchiveException failed(String what, Exception cause) {
        return new ArchiveException(Reason.FAILED, what + ": " + OneLine.of(cause.toString()), cause);
    }

    /** The kind of content that a file's name promises. */
    private enum Kind {
        BARE,
        ZIP,
        TAR;

        static final String ENDINGS = ".mar, .zip, .tar.gz, .tgz or .onnx";

        /** An archive with a workflow, which is no model by itself. */
        private static final String WORKFLOW = ".war";

        static Optional<Kind> ofFile(String fileName) {
            String name = fileName.toLowerCase(Locale.ROOT);
            if (name.endsWith(".onnx")) {
                return Optional.of(BARE);
            }
            if (name.endsWith(".tar.gz") || name.endsWith(".tgz")) {
                return Optional.of(TAR);
            }
            return name.endsWith(".mar") || name.endsWith(".zip") || name.endsWith(WORKFLOW)
                    ? Optional.of(ZIP)
                    : Optional.empty();
        }

        /** A file's name without the ending of its kind. */
        static String stem(String fileName) {
            String stem = fileName.substring(0, fileName.lastIndexOf('.'));
            return fileName.toLowerCase(Locale.ROOT).endsWith(".tar.gz") ? stem.substring(0, stem.length() - 4) : stem;
        }
    }
}
