package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.plugin.fs.Faults.Mutant;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Power cuts at every operation of a save, in every state that they may leave, from what a save really does. */
class PowerCutTest {

    private static final long SEED = 20261121;

    /** Kept, for java.util.logging forgets a logger that nobody holds. */
    private static final Logger QUIET = Logger.getLogger("dev.holdfast.plugin.fs");

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    @BeforeAll
    static void beQuiet() {
        QUIET.setLevel(Level.OFF);
    }

    @AfterAll
    static void beLoud() {
        QUIET.setLevel(null);
    }

    /** What was recorded: each change, and after how many of them each save had returned. */
    private record Recording(
            Path root, Map<Path, byte[]> base, List<Faults.Change> changes, Map<Snapshot, Integer> acknowledged) {}

    @Test
    void noStateThatAPowerCutMayLeaveLosesAnAcknowledgedSaveOrShowsHalfOfOne() throws Exception {
        assertThat(checkAll(recordLaterSaves(Mutant.NONE))).as("states").isGreaterThan(100);
    }

    @Test
    void theFirstSaveIntoNewDirectoriesIsDurableToo() throws Exception {
        assertThat(checkAll(recordFirstSave(Mutant.NONE))).as("states").isGreaterThan(1000);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void aSaverThatLeavesOutAnFsyncIsCaught(Mutant mutant) {
        assertThatThrownBy(() -> checkAll(recordLaterSaves(mutant))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> checkAll(recordFirstSave(mutant))).isInstanceOf(AssertionError.class);
    }

    /** The twin of a file system that drops what was not synced: only the state without anything unforced. */
    @Test
    void whatWasNotSyncedMayAllBeDropped() throws Exception {
        assertThat(checkDropped(recordLaterSaves(Mutant.NONE))).isPositive();
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void droppingWhatWasNotSyncedCatchesTheSameMutants(Mutant mutant) {
        assertThatThrownBy(() -> checkDropped(recordLaterSaves(mutant))).isInstanceOf(AssertionError.class);
    }

    private Recording recordLaterSaves(Mutant mutant) throws Exception {
        Path root = Files.createDirectories(temp.resolve("record-" + mutant + "-later"));
        Faults faults = new Faults(mutant);
        Path directory = new FaultyFileSystem(faults).wrap(root.resolve("config"));
        Map<Snapshot, Integer> acknowledged = new HashMap<>();
        try (FsSnapshotSerializer serializer = new FsSnapshotSerializer(directory, "default", "here", "boot")) {
            for (int revision = 1; revision <= 2; revision++) {
                save(serializer, revision, acknowledged, 0);
            }
            faults.changes.clear();
            Map<Path, byte[]> base = files(root);
            Snapshot third = TestSnapshots.snapshot("default", 3);
            serializer.save(third);
            acknowledged.put(third, faults.changes.size());
            List<Faults.Change> changes = new ArrayList<>(faults.changes);
            CrashStates.delete(root);
            return new Recording(root, base, changes, acknowledged);
        }
    }

    private Recording recordFirstSave(Mutant mutant) throws Exception {
        Path root = Files.createDirectories(temp.resolve("record-" + mutant + "-first"));
        Faults faults = new Faults(mutant);
        Path directory = new FaultyFileSystem(faults).wrap(root.resolve("config"));
        Map<Snapshot, Integer> acknowledged = new HashMap<>();
        try (FsSnapshotSerializer serializer = new FsSnapshotSerializer(directory, "default", "here", "boot")) {
            Snapshot first = TestSnapshots.snapshot("default", 1);
            serializer.save(first);
            acknowledged.put(first, faults.changes.size());
            List<Faults.Change> changes = new ArrayList<>(faults.changes);
            CrashStates.delete(root);
            return new Recording(root, Map.of(), changes, acknowledged);
        }
    }

    private static void save(
            FsSnapshotSerializer serializer, int revision, Map<Snapshot, Integer> acknowledged, int after) {
        Snapshot snapshot = TestSnapshots.snapshot("default", revision);
        serializer.save(snapshot);
        acknowledged.put(snapshot, after);
    }

    private static Map<Path, byte[]> files(Path root) throws IOException {
        Map<Path, byte[]> contents = new HashMap<>();
        try (var files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(file, Files.readAllBytes(file));
            }
        }
        return contents;
    }

    private int checkAll(Recording recording) throws Exception {
        CrashStates states = new CrashStates(recording.root(), recording.base(), recording.changes());
        Random random = new Random(SEED);
        int checked = 0;
        for (int count = 0; count <= recording.changes().size(); count++) {
            int cut = count;
            checked += states.forEach(
                    count,
                    CrashStates.MOST,
                    temp,
                    random,
                    (directory, what) -> check(directory, what, recording.acknowledged(), cut));
        }
        return checked;
    }

    private int checkDropped(Recording recording) throws Exception {
        CrashStates states = new CrashStates(recording.root(), recording.base(), recording.changes());
        int checked = 0;
        for (int count = 0; count <= recording.changes().size(); count++) {
            int cut = count;
            states.forEach(
                    count,
                    1,
                    temp,
                    new Random(SEED),
                    (directory, what) -> check(directory, what, recording.acknowledged(), cut));
            checked++;
        }
        return checked;
    }

    private static void check(Path directory, String what, Map<Snapshot, Integer> acknowledged, int cut) {
        try (FsSnapshotSerializer serializer =
                new FsSnapshotSerializer(directory.resolve("config"), "default", "here", "next boot")) {
            long highest = 0;
            long last = serializer.getLast().map(one -> one.header().revision()).orElse(0L);
            for (Map.Entry<Snapshot, Integer> saved : acknowledged.entrySet()) {
                Snapshot snapshot = saved.getKey();
                if (saved.getValue() <= cut) {
                    assertThat(serializer.get(snapshot.header().name()).toBytes())
                            .as(what)
                            .isEqualTo(snapshot.toBytes());
                    highest = Math.max(highest, snapshot.header().revision());
                }
            }
            assertThat(last).as(what).isBetween(highest, highest + 1);
            serializer.save(TestSnapshots.snapshot("default", 4));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(4);
        } catch (RuntimeException e) {
            throw new AssertionError(what, e);
        }
    }
}
