package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.SnapshotSerializerContract;
import java.nio.file.Path;
import java.util.Map;

/** The contract, with the table of the operator's manual. */
class DdbSnapshotSerializerIT extends SnapshotSerializerContract {

    /** A new one for each test: the first save of a group reads the whole index. */
    private final String table = LocalDynamoDb.shared().manualsTable();

    @Override
    protected SnapshotSerializerFactory factory() {
        return new DdbSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder("ddb", Path.of("target"))
                .group(group)
                .values(Map.of(
                        "endpoint",
                        LocalDynamoDb.shared().endpoint().toString(),
                        "region",
                        "eu-central-1",
                        "table",
                        table))
                .build();
    }

    @Override
    protected void damage(String group, String name) {
        Damage.text(table, table, group, name);
    }
}
