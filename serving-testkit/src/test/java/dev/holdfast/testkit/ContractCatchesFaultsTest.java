package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.DiscoverySelector;
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

    /** The test that was made for the fault; for one that has none all but those, which take their time. */
    private static List<DiscoverySelector> tests(Fault fault) {
        Set<String> made = Arrays.stream(Fault.values())
                .flatMap(one -> one.foundBy().stream())
                .collect(Collectors.toSet());
        return Arrays.stream(SnapshotSerializerContract.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(Method::getName)
                .filter(name -> fault.foundBy().map(name::equals).orElse(!made.contains(name)))
                .<DiscoverySelector>map(name -> selectMethod(InMemorySerializerTest.class, name))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void aSerializerWithAFaultFailsTheContract(Fault fault) {
        Events tests = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("fault", fault.name())
                .configurationParameter("junit.jupiter.execution.timeout.default", LIMIT)
                .selectors(tests(fault).toArray(DiscoverySelector[]::new))
                .execute()
                .testEvents();

        assertThat(tests.started().count())
                .as("tests that ran")
                .isGreaterThan(fault.foundBy().isPresent() ? 0 : 40);
        assertThat(testsThatFoundIt(tests)).as("tests that %s fails", fault).isNotEmpty();
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
