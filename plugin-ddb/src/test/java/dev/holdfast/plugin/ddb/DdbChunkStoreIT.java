package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.testkit.ChunkStoreContract;

/** The contract, with a table that the first put makes. */
class DdbChunkStoreIT extends ChunkStoreContract {

    /** One for all tests, which work in groups of their own. */
    private static final String TABLE = LocalDynamoDb.newTableName();

    @Override
    protected SnapshotSerializerFactory factory() {
        return new DdbSnapshotSerializerFactory();
    }

    @Override
    protected SerializerConfig config(String ofGroup) {
        return Store.config(TABLE, "create-table", "true").group(ofGroup).build();
    }
}
