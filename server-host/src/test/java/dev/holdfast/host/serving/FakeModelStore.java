package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveManifest;
import dev.holdfast.host.archive.ModelStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A model store in memory: archives {@code model-version.mar}, and URLs that end in such a name. */
final class FakeModelStore implements ModelStore {

    final List<FakeArchive> opened = new CopyOnWriteArrayList<>();
    final List<String> forgotten = new CopyOnWriteArrayList<>();
    /** Files that are not there until their URL is fetched. */
    final Set<String> gone = ConcurrentHashMap.newKeySet();

    /** Fetched files that cannot be read any more. */
    final Set<String> damaged = ConcurrentHashMap.newKeySet();

    final List<String> fetched = new CopyOnWriteArrayList<>();
    volatile ArchiveException fetchFailure;
    final Map<String, String> missing = new ConcurrentHashMap<>();
    final Map<String, String> digests = new ConcurrentHashMap<>();
    volatile Consumer<String> beforeOpen = location -> {};
    volatile RuntimeException forgetFailure;

    @Override
    public Archive open(String location) {
        beforeOpen.accept(location);
        String fileName = fileName(location);
        String why = missing.get(fileName);
        if (why != null) {
            throw new ArchiveException(why);
        }
        if (damaged.contains(fileName)) {
            throw new ArchiveException("Archive " + fileName + " is damaged");
        }
        if (location.contains("://")) {
            fetched.add(location);
            if (fetchFailure != null) {
                throw fetchFailure;
            }
            gone.remove(fileName);
        } else if (gone.contains(fileName)) {
            throw new ArchiveException(ArchiveException.Reason.NOT_FOUND, "Model not found at: " + fileName);
        }
        FakeArchive archive = new FakeArchive(fileName, digests.getOrDefault(fileName, "sha of " + fileName));
        opened.add(archive);
        return archive;
    }

    private static String fileName(String location) {
        return location.replaceFirst("[?].*", "").replaceFirst(".*/", "");
    }

    @Override
    public List<String> list() {
        return List.of();
    }

    @Override
    public void forget(String fileName) {
        if (forgetFailure != null) {
            throw forgetFailure;
        }
        forgotten.add(fileName);
        if (fetched.stream().anyMatch(url -> fileName(url).equals(fileName))) {
            gone.add(fileName);
        }
    }

    @Override
    public boolean setAside(String fileName) {
        if (!damaged.remove(fileName)) {
            return false;
        }
        gone.add(fileName);
        return true;
    }

    /** How many archives are open now. */
    long open() {
        return opened.stream().filter(archive -> archive.closes.get() == 0).count();
    }

    boolean closedTwice() {
        return opened.stream().anyMatch(archive -> archive.closes.get() > 1);
    }

    static final class FakeArchive implements Archive {

        final AtomicInteger closes = new AtomicInteger();
        private final String fileName;
        private final String sha256;

        FakeArchive(String fileName, String sha256) {
            this.fileName = fileName;
            this.sha256 = sha256;
        }

        @Override
        public String fileName() {
            return fileName;
        }

        @Override
        public Path root() {
            return Path.of(fileName);
        }

        @Override
        public ArchiveManifest manifest() {
            String name = fileName.replace(".mar", "");
            int dash = name.indexOf('-');
            return new ArchiveManifest(
                    dash < 0 ? name : name.substring(0, dash),
                    dash < 0 ? "1.0" : name.substring(dash + 1),
                    Optional.empty(),
                    Optional.of("its own"),
                    Optional.empty(),
                    Optional.empty(),
                    List.of("cat", "dog"));
        }

        @Override
        public String sha256() {
            return sha256;
        }

        @Override
        public void close() {
            closes.incrementAndGet();
        }
    }
}
