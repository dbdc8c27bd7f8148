package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables that somebody made or changed by hand: what cannot hold our rows is refused, and the cure in the message mends it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TablesByHand {

    private final String table =
            "t" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);

    /**
     * One change.
     *
     * @param suffix of the table's name: {@code _parts}, {@code _chunks}, {@code _groups}, or empty
     * @param said in the message, beside the column and the table
     * @param statements that change it; {@code {T}} stands for its name
     */
    record Change(String suffix, String said, String... statements) {
        @Override
        public String toString() {
            return suffix + " " + String.join("; ", statements);
        }
    }

    abstract String url();

    abstract Connection connect() throws SQLException;

    abstract List<Change> changes();

    /** Changes that are no obstacle. */
    abstract List<Change> tolerated();

    private SnapshotSerializer open() {
        return new JdbcSnapshotSerializerFactory().open(Configs.of(url(), "default", "table", table));
    }

    private void makeAnew() throws SQLException {
        try (Connection connection = connect()) {
            for (String suffix : List.of("_chunks", "_parts", "_groups", "_schema", "")) {
                Rows.execute(connection, "drop table if exists " + table + suffix);
            }
        }
        try (SnapshotSerializer maker = open()) {
            maker.save(snapshot("default", 1));
        }
    }

    private void change(Change change) throws SQLException {
        makeAnew();
        String name = table + change.suffix();
        try (Connection connection = connect()) {
            for (String statement : change.statements()) {
                execute(connection, name, statement.replace("{T}", name));
            }
        }
    }

    /** A way to change a column may differ. */
    void execute(Connection connection, String name, String statement) throws SQLException {
        Rows.execute(connection, statement);
    }

    @ParameterizedTest
    @MethodSource("changes")
    void whatCannotHoldOurRowsIsRefusedAtEveryCallAndMendedByTheCureOfTheMessage(Change change) throws SQLException {
        change(change);
        List<Consumer<SnapshotSerializer>> calls = List.of(
                SnapshotSerializer::getLast,
                store -> store.list(ListRequest.firstPage(10)),
                store -> store.save(snapshot("default", 2)),
                SnapshotSerializer::count,
                store -> store.chunks().orElseThrow().put(Map.of("ab".repeat(32), new byte[1])));
        for (Consumer<SnapshotSerializer> call : calls) {
            try (SnapshotSerializer store = open()) {
                assertThatExceptionOfType(StoreUnavailableException.class)
                        .isThrownBy(() -> call.accept(store))
                        .withMessageContaining("able " + table + change.suffix() + " ")
                        .withMessageContaining(change.said());
            }
        }
        try (SnapshotSerializer store = open()) {
            StoreUnavailableException refusal = catchThrowableOfType(StoreUnavailableException.class, store::getLast);

            mend(String.valueOf(refusal.getMessage()));

            store.save(snapshot("default", 3));
            assertThat(store.getLast().orElseThrow().header().revision()).isEqualTo(3);
        }
    }

    /** Runs what stands behind the last colon. */
    private void mend(String message) throws SQLException {
        String cure = message.substring(message.lastIndexOf(": ") + 2).replace("with all hosts stopped, ", "");
        try (Connection connection = connect()) {
            for (String statement : cure.split(";")) {
                if (!statement.isBlank()) {
                    Rows.execute(connection, statement.strip());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("tolerated")
    void whatHoldsOurRowsIsTaken(Change change) throws SQLException {
        change(change);
        try (SnapshotSerializer store = open()) {
            store.save(snapshot("default", 2));
            store.chunks().orElseThrow().put(Map.of("ab".repeat(32), new byte[1]));

            assertThat(store.getLast().orElseThrow().header().revision()).isEqualTo(2);
        }
    }

    @Test
    void allThatIsWrongIsSaidAtOnce() throws SQLException {
        makeAnew();
        List<Change> some = changes().stream()
                .filter(change -> change.said().startsWith("takes two rows"))
                .toList();
        try (Connection connection = connect()) {
            for (Change change : some) {
                for (String statement : change.statements()) {
                    execute(connection, table + change.suffix(), statement.replace("{T}", table + change.suffix()));
                }
            }
        }
        try (SnapshotSerializer store = open()) {
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(store::getLast)
                    .withMessageContainingAll(some.stream().map(Change::said).toArray(String[]::new));
        }
    }
}
