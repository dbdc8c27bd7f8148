package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** The contract can fail: a serializer with any one {@link Fault} does not pass it. */
class ContractCatchesFaultsTest {

    @ParameterizedTest
    @EnumSource
    void aSerializerWithAFaultFailsTheContract(Fault fault) {
        Events tests = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("fault", fault.name())
                .configurationParameter("junit.jupiter.execution.timeout.default", "5 s")
                .selectors(selectClass(InMemorySerializerTest.class))
                .execute()
                .testEvents();

        assertThat(tests.started().count()).as("tests that ran").isGreaterThan(40);
        assertThat(tests.failed().count()).as("tests that %s fails", fault).isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void aStoreOfChunksWithAFaultFailsItsContract(ChunkFault fault) {
        Events tests = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("chunk-fault", fault.name())
                .configurationParameter("junit.jupiter.execution.timeout.default", "5 s")
                .selectors(selectClass(InMemoryChunkStoreTest.class))
                .execute()
                .testEvents();

        assertThat(tests.started().count()).as("tests that ran").isGreaterThan(18);
        assertThat(tests.failed().count()).as("tests that %s fails", fault).isPositive();
    }
}
