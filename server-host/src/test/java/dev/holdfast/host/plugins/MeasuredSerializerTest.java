package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.metrics.Histogram;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.metrics.StoreMeasures.Call;
import dev.holdfast.host.metrics.StoreMeasures.Outcome;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeasuredSerializerTest {

    @TempDir
    private Path logs;

    private final StoreMeasures measures = new StoreMeasures();

    private long counted(String method, Outcome outcome) {
        Histogram times = measures.calls().get(new Call(method, outcome));
        return times == null ? 0 : Arrays.stream(times.counts()).sum();
    }

    /** A method that is not handed on would be the default of the SDK, in silence. */
    @ParameterizedTest
    @ValueSource(strings = {"MeasuredSerializer", "GuardedSerializer", "ReopeningSerializer"})
    void whatStandsBeforeAStoreHandsEveryMethodOn(String name) throws ReflectiveOperationException {
        Class<?> before = Class.forName("dev.holdfast.host.plugins." + name);

        assertThat(SnapshotSerializer.class.getDeclaredMethods())
                .filteredOn(method -> !method.isSynthetic() && !Modifier.isStatic(method.getModifiers()))
                .allSatisfy(method -> assertThatCode(
                                () -> before.getDeclaredMethod(method.getName(), method.getParameterTypes()))
                        .doesNotThrowAnyException());
    }

    @Test
    void callsAreMeasuredByHowTheyEnd() {
        try (MeasuredSerializer store = new MeasuredSerializer(
                new FsSnapshotSerializerFactory()
                        .open(SerializerConfig.builder("fs", logs).build()),
                measures)) {
            Snapshot snapshot = States.snapshot(1, "m");
            store.save(snapshot);
            assertThatThrownBy(() -> store.get("none")).isInstanceOf(SnapshotNotFoundException.class);
            assertThatThrownBy(() -> store.save(States.snapshot(1, "other", SnapshotKind.SNAPSHOT, "n")))
                    .isInstanceOf(SnapshotConflictException.class);
            assertThat(store.getLast()).isPresent();

            assertThat(counted("save", Outcome.OK)).isEqualTo(1);
            assertThat(counted("save", Outcome.CONFLICT)).isEqualTo(1);
            assertThat(counted("get", Outcome.FAILED)).isEqualTo(1);
            assertThat(counted("get_last", Outcome.OK)).isEqualTo(1);
            assertThat(measures.savedBytes()).isEqualTo(snapshot.header().size());
            assertThat(measures.savedMillis())
                    .isEqualTo(snapshot.header().createdOn().toEpochMilli());
        }
    }
}
