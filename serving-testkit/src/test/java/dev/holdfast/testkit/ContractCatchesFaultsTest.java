package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** The contract can fail: a serializer with any one {@link Fault} does not pass it. */
class ContractCatchesFaultsTest {

    /** For those that a fault keeps from ending. */
    private static final String LIMIT = "10 s";

    /** Not those whose time was up, as it may be on a busy machine, whatever the fault. */
    private static List<String> testsThatFoundIt(Events tests) {
        return tests.failed().stream()
                .filter(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .filter(failure -> !(failure instanceof TimeoutException))
                        .isPresent())
                .map(event -> event.getTestDescriptor().getDisplayName())
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void aSerializerWithAFaultFailsTheContract(Fault fault) {
        Events tests = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("fault", fault.name())
                .configurationParameter("junit.jupiter.execution.timeout.default", LIMIT)
                .selectors(selectClass(InMemorySerializerTest.class))
                .execute()
                .testEvents();

        assertThat(tests.started().count()).as("tests that ran").isGreaterThan(40);
        assertThat(testsThatFoundIt(tests))
                .as("tests that %s fails", fault)
                .isNotEmpty()
                .containsAll(fault.foundBy().map(test -> test + "()").stream().toList());
    }

    @ParameterizedTest
    @EnumSource
    void aStoreOfChunksWithAFaultFailsItsContract(ChunkFault fault) {
        Events tests = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("chunk-fault", fault.name())
                .configurationParameter("junit.jupiter.execution.timeout.default", LIMIT)
                .selectors(selectClass(InMemoryChunkStoreTest.class))
                .execute()
                .testEvents();

        assertThat(tests.started().count()).as("tests that ran").isGreaterThan(18);
        assertThat(testsThatFoundIt(tests)).as("tests that %s fails", fault).isNotEmpty();
    }
}
