package dev.holdfast.testkit;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of chunks for the store of a {@link ContractRun}, which alone can run it. */
@ExtendWith(ContractRun.Extension.class)
final class ConfiguredChunks extends ChunkStoreContract {

    private final ContractRun run;

    ConfiguredChunks(ContractRun run) {
        super(run.groupPrefix());
        this.run = run;
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return run.groups();
    }

    @Override
    protected SerializerConfig config(String ofGroup) {
        return run.store().config().apply(ofGroup);
    }

    @Override
    protected boolean manyWriters() {
        return run.manyWriters();
    }

    @Override
    protected List<Outage> outages() {
        return Assumptions.abort("a configured store, which others may use, is not put out of reach");
    }

    @Override
    protected Duration callLimit() {
        return run.store().callLimit();
    }
}
