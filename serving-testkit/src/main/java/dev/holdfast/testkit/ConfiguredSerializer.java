package dev.holdfast.testkit;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.ExtendWith;

/** The contract of snapshots for the store of a {@link ContractRun}, which alone can run it. */
@ExtendWith(ContractRun.Extension.class)
final class ConfiguredSerializer extends SnapshotSerializerContract {

    private final ContractRun run;

    ConfiguredSerializer(ContractRun run) {
        super(run.groupPrefix());
        this.run = run;
    }

    @Override
    protected SnapshotSerializerFactory factory() {
        return run.groups();
    }

    @Override
    protected Class<? extends SnapshotSerializerFactory> factoryType() {
        return run.store().factoryType();
    }

    @Override
    protected SerializerConfig config(String group) {
        return run.store().config().apply(group);
    }

    @Override
    protected boolean manyWriters() {
        return run.manyWriters();
    }

    @Override
    protected void damage(String ofGroup, String name) {
        Assumptions.abort("a configured store is not damaged behind the serializer's back");
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
