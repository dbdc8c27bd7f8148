package dev.holdfast.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.holdfast.testkit.RuleOutcome.Contract;
import dev.holdfast.testkit.RuleOutcome.Result;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.engine.support.store.Namespace;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The tests of a contract on the JUnit platform, each result as a value.
 *
 * <p>Nothing that lies about in the process has a say: neither JUnit's system properties and files, nor other engines and
 * listeners. A test whose time is up is left behind on its thread.
 *
 * @param endedEarly why the rest is to be skipped, as soon as there is a reason
 */
record ContractRun(
        StoreUnderTest store,
        ScratchGroups groups,
        String groupPrefix,
        boolean manyWriters,
        Supplier<Optional<String>> endedEarly) {

    void run(Contract contract, Consumer<RuleOutcome> listener) {
        LauncherConfig config = LauncherConfig.builder()
                .enableTestEngineAutoRegistration(false)
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .addTestEngines(new JupiterTestEngine())
                .build();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .enableImplicitConfigurationParameters(false)
                .configurationParameter(
                        "junit.jupiter.execution.timeout.default",
                        store.testLimit().toMillis() + " ms")
                .configurationParameter("junit.jupiter.execution.timeout.thread.mode.default", "SEPARATE_THREAD")
                .selectors(selectClass(
                        contract == Contract.SNAPSHOTS ? ConfiguredSerializer.class : ConfiguredChunks.class))
                .build();
        try (LauncherSession session = LauncherFactory.openSession(config)) {
            session.getStore().put(Namespace.create(ContractRun.class), ContractRun.class, this);
            session.getLauncher().execute(request, new Listener(contract, listener));
        }
    }

    /** Gives the tests the run that they belong to, and skips them once it has ended. */
    static final class Extension implements ParameterResolver, ExecutionCondition {

        private static ContractRun of(ExtensionContext context) {
            ContractRun run = context.getStore(
                            ExtensionContext.StoreScope.LAUNCHER_SESSION,
                            ExtensionContext.Namespace.create(ContractRun.class))
                    .get(ContractRun.class, ContractRun.class);
            return Objects.requireNonNull(run, "This class is run by StoreVerification alone");
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == ContractRun.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return of(context);
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            // Of methods alone: each rule is to be told of.
            return context.getTestMethod()
                    .flatMap(method -> of(context).endedEarly().get())
                    .map(ConditionEvaluationResult::disabled)
                    .orElseGet(() -> ConditionEvaluationResult.enabled("the run goes on"));
        }
    }

    private record Listener(Contract contract, Consumer<RuleOutcome> told, Map<String, Long> started)
            implements TestExecutionListener {

        Listener(Contract contract, Consumer<RuleOutcome> told) {
            this(contract, told, new ConcurrentHashMap<>());
        }

        @Override
        public void executionStarted(TestIdentifier test) {
            started.put(test.getUniqueId(), System.nanoTime());
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            if (test.isTest()) {
                told.accept(new RuleOutcome(contract, rule(test), Result.SKIPPED, Optional.of(reason), Duration.ZERO));
            }
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            Result word = switch (result.getStatus()) {
                case SUCCESSFUL -> Result.PASSED;
                case ABORTED -> Result.SKIPPED;
                case FAILED -> Result.FAILED;
            };
            // Of what is no test only a failure counts: then its tests have not run.
            if (test.isTest() || word == Result.FAILED) {
                long nanos = System.nanoTime() - started.getOrDefault(test.getUniqueId(), System.nanoTime());
                told.accept(new RuleOutcome(
                        contract,
                        rule(test),
                        word,
                        result.getThrowable().map(failure -> reason(word, failure)),
                        Duration.ofNanos(nanos)));
            }
        }

        private static String reason(Result word, Throwable failure) {
            return word == Result.SKIPPED
                    ? String.valueOf(failure.getMessage()).replaceFirst("^Assumption failed: ", "")
                    : OneLineReason.of(failure);
        }

        private static String rule(TestIdentifier test) {
            return test.getSource()
                    .filter(MethodSource.class::isInstance)
                    .map(MethodSource.class::cast)
                    .map(MethodSource::getMethodName)
                    .orElse(test.getDisplayName());
        }
    }
}
