package dev.holdfast.plugin.fs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Records what is done to a {@link FaultyFileSystem}, and fails the operation that a test asks for.
 *
 * <p>Several threads may use one, but which operation is the n-th is for one thread alone.
 */
final class Faults {

    /** How the chosen operation fails. */
    enum Way {
        /** It is not made, and reported as failed. */
        BEFORE,
        /** It is made, and reported as failed all the same. */
        AFTER,
        /** It and all later ones are not made: the disk is gone. */
        FROM_THEN_ON
    }

    /** A saver that leaves something out. */
    enum Mutant {
        NONE,
        NO_FILE_FSYNC,
        NO_DIRECTORY_FSYNC
    }

    /** An operation that changed something, by paths relative to nothing: they are absolute. */
    sealed interface Change {}

    record Create(Path name, int inode) implements Change {}

    record Link(Path name, int inode) implements Change {}

    record Unlink(Path name) implements Change {}

    record Rename(Path from, Path to) implements Change {}

    record MakeDirectory(Path name) implements Change {}

    record Write(int inode, long position, byte[] bytes) implements Change {}

    record ForceFile(int inode) implements Change {}

    record ForceDirectory(Path directory) implements Change {}

    interface Action<T> {
        T run() throws IOException;
    }

    final List<Change> changes = Collections.synchronizedList(new ArrayList<>());
    private final Mutant mutant;
    private final Map<Path, Integer> inodes = new ConcurrentHashMap<>();
    private final Map<String, Failing> failing = new ConcurrentHashMap<>();
    private final AtomicInteger nextInode = new AtomicInteger();
    private volatile Consumer<String> onOperation = any -> {};
    private int countdown = -1;
    private Way way = Way.BEFORE;
    private String message = "";
    private String fired = "";

    Faults(Mutant mutant) {
        this.mutant = mutant;
    }

    /** Lets the n-th operation from now on fail. */
    void failAt(int n, Way how, String text) {
        countdown = n;
        way = how;
        message = text;
        fired = "";
    }

    /** Is told of each operation before it is made, on the thread that makes it. */
    void onOperation(Consumer<String> listener) {
        onOperation = listener;
    }

    /** Lets every operation of a name fail so many times. */
    void failOn(String operation, int times, Supplier<IOException> how) {
        failing.put(operation, new Failing(new AtomicInteger(times), how));
    }

    void heal() {
        countdown = -1;
        failing.clear();
    }

    private record Failing(AtomicInteger times, Supplier<IOException> how) {}

    /** The operation that failed; empty if none did. */
    String fired() {
        return fired;
    }

    <T> T around(String operation, Action<T> action, Runnable record) throws IOException {
        onOperation.accept(operation);
        Failing asked = failing.get(operation);
        if (asked != null && asked.times().getAndDecrement() > 0) {
            throw asked.how().get();
        }
        if (countdown > 0) {
            countdown--;
        }
        boolean fails = countdown == 0;
        if (fails) {
            fired = fired.isEmpty() ? operation : fired;
            if (way != Way.FROM_THEN_ON) {
                countdown = -1;
            }
            if (way != Way.AFTER) {
                throw new IOException(message);
            }
        }
        T result = action.run();
        record.run();
        if (fails) {
            if (result instanceof AutoCloseable open) {
                try {
                    open.close();
                } catch (Exception e) {
                    throw new IOException(e);
                }
            }
            throw new IOException(message);
        }
        return result;
    }

    int inode(Path file) {
        return inodes.computeIfAbsent(file, any -> nextInode.getAndIncrement());
    }

    void created(Path file) {
        changes.add(new Create(file, inode(file)));
    }

    void madeDirectory(Path directory) {
        changes.add(new MakeDirectory(directory));
    }

    void linked(Path link, Path existing) {
        inodes.put(link, inode(existing));
        changes.add(new Link(link, inode(existing)));
    }

    void unlinked(Path file) {
        inodes.remove(file);
        changes.add(new Unlink(file));
    }

    void renamed(Path from, Path to) {
        inodes.put(to, inode(from));
        inodes.remove(from);
        changes.add(new Rename(from, to));
    }

    void wrote(Path file, int inode, long position, byte[] bytes) {
        changes.add(new Write(inode, position, Arrays.copyOf(bytes, bytes.length)));
    }

    void forced(Path path, int inode) {
        boolean directory = Files.isDirectory(path);
        if (directory && mutant != Mutant.NO_DIRECTORY_FSYNC) {
            changes.add(new ForceDirectory(path));
        } else if (!directory && mutant != Mutant.NO_FILE_FSYNC) {
            changes.add(new ForceFile(inode));
        }
    }
}
