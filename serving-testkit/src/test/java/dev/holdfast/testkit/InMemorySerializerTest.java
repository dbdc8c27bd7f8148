package dev.holdfast.testkit;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;

/**
 * A sound serializer passes the contract. {@link ContractCatchesFaultsTest} runs this class again with the configuration
 * parameter {@code fault}.
 */
@ExtendWith(InMemorySerializerTest.TakeFault.class)
class InMemorySerializerTest extends SnapshotSerializerContract {

    private InMemoryStore store = new InMemoryStore(null);

    @Override
    protected SnapshotSerializerFactory factory() {
        return new Factory(store);
    }

    @Override
    protected Class<? extends SnapshotSerializerFactory> factoryType() {
        return store.has(Fault.HOLDS_ITS_CLASSES) ? HoldingFactory.class : Factory.class;
    }

    @Override
    protected List<Outage> outages() {
        return List.of(Outage.of("is out of reach", () -> store.away = true, () -> store.away = false));
    }

    @Override
    protected Duration callLimit() {
        if (store.has(Fault.OUT_OF_REACH_HANGS)) {
            return Duration.ofMillis(200);
        }
        return store.has(Fault.LEAKS_THREADS) || store.has(Fault.LEAKS_OPEN_FILES)
                ? Duration.ofSeconds(3)
                : Duration.ofMinutes(1);
    }

    @Override
    protected SerializerConfig config(String group) {
        return SerializerConfig.builder("memory", Path.of("target"))
                .group(group)
                .build();
    }

    @Override
    protected void damage(String group, String name) {
        store.damage(group, name);
    }

    static final class TakeFault implements TestInstancePostProcessor {

        @Override
        public void postProcessTestInstance(Object test, ExtensionContext context) {
            context.getConfigurationParameter("fault")
                    .map(Fault::valueOf)
                    .ifPresent(fault -> ((InMemorySerializerTest) test).store = new InMemoryStore(fault));
        }
    }

    public static final class Factory implements SnapshotSerializerFactory {

        private final InMemoryStore store;

        public Factory() {
            this(new InMemoryStore(null));
        }

        Factory(@Nullable InMemoryStore store) {
            this.store = store;
        }

        @Override
        public String name() {
            if (store.has(Fault.NAME_IS_RESERVED)) {
                return "jdbc";
            }
            return store.has(Fault.NAME_HAS_CAPITALS) ? "Memory" : "memory";
        }

        @Override
        public SnapshotSerializer open(SerializerConfig config) {
            if (!store.has(Fault.TAKES_UNKNOWN_KEYS)) {
                config.requireKnown();
            }
            return new Reachable(store, config.group());
        }
    }

    /** Leaves something of its own where the whole process finds it. */
    public static final class HoldingFactory implements SnapshotSerializerFactory {

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public SnapshotSerializer open(SerializerConfig config) {
            System.getProperties().put(getClass().getName() + System.identityHashCode(this), this);
            return new Factory().open(config);
        }
    }
}
