package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.holdfast.plugin.fs.Faults.Mutant;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two serializers of one process that take the lock of a new directory at once. */
class WriterLockIT {

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    /** To close any descriptor of the lock's file gives the lock of the whole process up, that of the other one too. */
    @Test
    void whoComesTooLateDoesNotGiveUpTheLockOfTheOther() throws Exception {
        Path directory = temp.resolve("config");
        Faults disk = new Faults(Mutant.NONE);
        List<Throwable> failures = new ArrayList<>();
        try (FsSnapshotSerializer one = open(new FaultyFileSystem(disk).wrap(directory));
                FsSnapshotSerializer other = open(directory)) {
            disk.onOperation(operation -> {
                if (operation.equals("open lock")) {
                    // The file of the lock is not there yet, and both are about to make it.
                    disk.onOperation(any -> {});
                    failures.add(catchThrowable(() -> other.save(TestSnapshots.snapshot("default", 1))));
                }
            });
            failures.add(catchThrowable(() -> one.save(TestSnapshots.snapshot("default", 2))));

            assertThat(failures)
                    .filteredOn(failure -> failure != null)
                    .singleElement()
                    .isInstanceOf(StoreUnavailableException.class);
            try (SavingProcess third = new SavingProcess(directory)) {
                await().until(() -> !third.isAlive() || third.acknowledged.get() > 0);
                assertThat(third.acknowledged)
                        .as("what another process saved beside the one writer")
                        .hasValue(0);
            }
        }
    }

    private static FsSnapshotSerializer open(Path directory) {
        return new FsSnapshotSerializer(directory, "default", "here", FsSnapshotSerializerFactory.bootId());
    }
}
