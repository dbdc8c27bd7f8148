package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.Outage;
import dev.holdfast.testkit.SnapshotSerializerContract;
import dev.holdfast.testkit.TcpProxy;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract, with the table of the operator's manual. */
class DdbSnapshotSerializerIT extends SnapshotSerializerContract {

    /** A new one for each test: the first save of a group reads the whole index. */
    private final String table = LocalDynamoDb.shared().manualsTable();

    private static TcpProxy proxy;

    @BeforeAll
    static void openProxy() {
        proxy = TcpProxy.to("127.0.0.1", LocalDynamoDb.shared().endpoint().getPort());
    }

    @AfterAll
    static void closeProxy() throws IOException {
        proxy.close();
    }

    @Override
    protected List<Outage> outages() {
        return proxy.outages();
    }

    @Override
    protected SerializerConfig outageConfig(String group) {
        return Store.config(
                        table,
                        "endpoint",
                        "http://127.0.0.1:" + proxy.port(),
                        "attempt-timeout",
                        "500ms",
                        "total-timeout",
                        "1s",
                        "chunk-timeout",
                        "1s")
                .group(group)
                .build();
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return new DdbSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return Store.config(table).group(group).build();
    }

    @Override
    protected void damage(String group, String name) {
        Damage.text(table, table, group, name);
    }
}
