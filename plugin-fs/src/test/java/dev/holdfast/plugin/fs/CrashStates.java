package dev.holdfast.plugin.fs;

import dev.holdfast.plugin.fs.Faults.Change;
import dev.holdfast.plugin.fs.Faults.Create;
import dev.holdfast.plugin.fs.Faults.ForceDirectory;
import dev.holdfast.plugin.fs.Faults.ForceFile;
import dev.holdfast.plugin.fs.Faults.Link;
import dev.holdfast.plugin.fs.Faults.MakeDirectory;
import dev.holdfast.plugin.fs.Faults.Rename;
import dev.holdfast.plugin.fs.Faults.Unlink;
import dev.holdfast.plugin.fs.Faults.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;

/**
 * The states in which a power cut may leave a directory, from the operations recorded before it.
 *
 * <p>What was forced is there. Of the rest any subset may be, in whichever order it reached the disk: each name on its
 * own, each write not at all, whole, or with its second half as zeros. A rename is atomic. That is weaker than any file
 * system in use promises, after the method of "All File Systems Are Not Created Equal" (OSDI 2014).
 */
final class CrashStates {

    /** Above so many states a random part of them is taken. */
    static final int MOST = 150;

    private final Path root;
    private final Map<Path, byte[]> base;
    private final List<Change> changes;

    /** @param base the files that were safely there before the first change */
    CrashStates(Path root, Map<Path, byte[]> base, List<Change> changes) {
        this.root = root;
        this.base = base;
        this.changes = List.copyOf(changes);
    }

    interface Check {
        void state(Path directory, String what) throws Exception;
    }

    /** Gives each state of a cut after the first {@code count} operations to the check, as a real directory. */
    int forEach(int count, int most, Path work, Random random, Check check) throws Exception {
        List<Integer> free = free(count);
        int[] choices = free.stream()
                .mapToInt(i -> changes.get(i) instanceof Write ? 3 : 2)
                .toArray();
        double all = Arrays.stream(choices).asDoubleStream().reduce(1, (a, b) -> a * b);
        int states = (int) Math.min(all, Math.min(most, MOST));
        for (int state = 0; state < states; state++) {
            int[] chosen = new int[choices.length];
            long rest = state;
            for (int i = 0; i < chosen.length; i++) {
                chosen[i] = all <= MOST || state < 2 ? (int) (rest % choices[i]) : random.nextInt(choices[i]);
                rest /= choices[i];
            }
            Path directory = work.resolve("cut-" + count + "-" + state);
            build(count, free, chosen, directory);
            check.state(
                    directory,
                    "cut after " + count + " of " + changes + ", of " + free + " " + Arrays.toString(chosen));
            delete(directory);
        }
        return states;
    }

    /** The operations that a cut after {@code count} may undo. */
    private List<Integer> free(int count) {
        List<Integer> free = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Change change = changes.get(i);
            boolean forced = change instanceof ForceFile || change instanceof ForceDirectory;
            for (int later = i + 1; later < count && !forced; later++) {
                forced = forces(changes.get(later), change);
            }
            if (!forced) {
                free.add(i);
            }
        }
        return free;
    }

    private static boolean forces(Change force, Change change) {
        if (force instanceof ForceFile file) {
            return change instanceof Write write && write.inode() == file.inode();
        }
        return force instanceof ForceDirectory directory
                && name(change) != null
                && directory.directory().equals(name(change).getParent());
    }

    private static Path name(Change change) {
        if (change instanceof Create create) {
            return create.name();
        } else if (change instanceof Link link) {
            return link.name();
        } else if (change instanceof Unlink unlink) {
            return unlink.name();
        } else if (change instanceof Rename rename) {
            return rename.to();
        }
        return change instanceof MakeDirectory made ? made.name() : null;
    }

    private void build(int count, List<Integer> free, int[] chosen, Path target) throws IOException {
        Map<Path, Object> names = new HashMap<>(base);
        Map<Integer, byte[]> contents = new HashMap<>();
        TreeSet<Path> directories = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            int position = free.indexOf(i);
            int choice = position < 0 ? 1 : chosen[position];
            if (choice > 0) {
                apply(changes.get(i), choice == 2, names, contents, directories);
            }
        }
        Files.createDirectories(target);
        for (Path file : base.keySet()) {
            Files.createDirectories(
                    target.resolve(root.relativize(file).toString()).getParent());
        }
        for (Path directory : directories) {
            Path made = target.resolve(root.relativize(directory).toString());
            if (Files.isDirectory(made.getParent())) {
                Files.createDirectory(made);
            }
        }
        for (Map.Entry<Path, Object> name : names.entrySet()) {
            Path file = target.resolve(root.relativize(name.getKey()).toString());
            if (Files.isDirectory(file.getParent())) {
                byte[] content = name.getValue() instanceof byte[] old
                        ? old
                        : contents.getOrDefault((Integer) name.getValue(), new byte[0]);
                Files.write(file, content);
            }
        }
    }

    private static void apply(
            Change change,
            boolean torn,
            Map<Path, Object> names,
            Map<Integer, byte[]> contents,
            TreeSet<Path> directories) {
        if (change instanceof Create create) {
            names.put(create.name(), create.inode());
        } else if (change instanceof Link link) {
            names.put(link.name(), link.inode());
        } else if (change instanceof Unlink unlink) {
            names.remove(unlink.name());
        } else if (change instanceof Rename rename) {
            Object inode = names.remove(rename.from());
            if (inode != null) {
                names.put(rename.to(), inode);
            }
        } else if (change instanceof MakeDirectory made) {
            directories.add(made.name());
        } else if (change instanceof Write write) {
            byte[] old = contents.getOrDefault(write.inode(), new byte[0]);
            int end = (int) write.position() + write.bytes().length;
            byte[] content = Arrays.copyOf(old, Math.max(old.length, end));
            int length = torn ? write.bytes().length / 2 : write.bytes().length;
            System.arraycopy(write.bytes(), 0, content, (int) write.position(), length);
            contents.put(write.inode(), content);
        }
    }

    static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }
}
