package dev.holdfast.testkit;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Duration;
import java.util.function.Function;

/**
 * A store to verify: how it is opened, as its hosts open it.
 *
 * @param factory opens it
 * @param factoryType the class that the service file names, where {@code factory} is something around it
 * @param config the configuration of a group; the same but for the group each time
 * @param callLimit what one call to the store may take
 * @param testLimit what the test of one rule may take, which makes up to a few hundred calls
 */
public record StoreUnderTest(
        SnapshotSerializerFactory factory,
        Class<? extends SnapshotSerializerFactory> factoryType,
        Function<String, SerializerConfig> config,
        Duration callLimit,
        Duration testLimit) {

    /** With the factory itself, and a minute for each call and each rule. */
    public static StoreUnderTest of(SnapshotSerializerFactory factory, Function<String, SerializerConfig> config) {
        return new StoreUnderTest(factory, factory.getClass(), config, Duration.ofMinutes(1), Duration.ofMinutes(1));
    }
}
