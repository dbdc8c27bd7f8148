package dev.holdfast.plugin.ddb;

import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import dev.holdfast.testkit.TestSnapshots;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on an implementation that has no transactions, and what a host leaves that dies between its writes. */
class NoTransactionsIT extends SnapshotSerializerContract {

    /** A new one for each test: the first save of a group reads the whole index. */
    private final String table = LocalDynamoDb.shared().manualsTable();

    @Override
    protected SnapshotSerializerFactory factory() {
        return new DdbSnapshotSerializerFactory(client -> without(new FaultyHttpClient(client)), Clock.systemUTC());
    }

    private static FaultyHttpClient without(FaultyHttpClient wire) {
        return wire.fault(
                "TransactWriteItems", Integer.MAX_VALUE, FaultyHttpClient.error(400, "UnknownOperationException"));
    }

    @Override
    protected SerializerConfig config(String group) {
        return Store.config(table).group(group).build();
    }

    @Override
    protected void damage(String group, String name) {
        Damage.text(table, table, group, name);
    }

    @Test
    void theServiceIsAskedForTransactionsOnce() {
        try (Store store = Store.open(config(group()))) {
            without(store.wire());
            store.serializer().save(snapshot(group(), 1));
            store.wire().forget();

            store.serializer().save(snapshot(group(), 2));

            assertThat(store.wire().operations()).containsExactly("Query", "PutItem", "PutItem", "PutItem");
        }
    }

    @Test
    void itIsNotAskedWhereTheOperatorSaysSo() {
        SerializerConfig config =
                Store.config(table, "transactions", "false").group(group()).build();
        try (Store store = Store.open(config)) {
            store.serializer().save(snapshot(group(), 1));

            assertThat(store.wire().operations()).doesNotContain("TransactWriteItems");
        }
    }

    /** The fourth write is that of the snapshot's own item; by then the head has published it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSnapshotWhoseOwnItemIsMissingIsThereForEveryReaderAndIsCompletedByTheNextSave(boolean transactionsBack) {
        Snapshot halfway = TestSnapshots.snapshot(group(), 1);
        try (Store store = Store.open(config(group()))) {
            without(store.wire());
            store.wire()
                    .fault(
                            "PutItem",
                            3,
                            (request, client) -> client.prepareRequest(request).call())
                    .fault("PutItem", Integer.MAX_VALUE, FaultyHttpClient.refused());
            store.serializer().save(halfway);
        }

        try (Store next = Store.open(config(group()))) {
            if (!transactionsBack) {
                without(next.wire());
            }
            assertThat(next.serializer().getLast()).contains(halfway);
            assertThat(next.serializer().get(halfway.header().name())).isEqualTo(halfway);
            assertThat(headers(next)).containsExactly(halfway.header());
            next.serializer().save(halfway);
            Snapshot second = snapshot(group(), 2);
            next.serializer().save(second);

            assertThat(next.serializer().get(halfway.header().name())).isEqualTo(halfway);
            assertThat(headers(next)).containsExactly(second.header(), halfway.header());
        }
    }

    private static List<SnapshotHeader> headers(Store store) {
        return store.serializer().list(ListRequest.firstPage(10)).headers();
    }
}
