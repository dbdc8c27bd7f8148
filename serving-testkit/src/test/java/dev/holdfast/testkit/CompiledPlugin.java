package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/** A plugin and its tests, compiled against the SDK and the testkit as they are now. */
final class CompiledPlugin implements AutoCloseable {

    private final URLClassLoader classes;

    private CompiledPlugin(URLClassLoader classes) {
        this.classes = classes;
    }

    /** @param target where the classes go, and resources may lie already */
    static CompiledPlugin of(List<Path> sources, Path target) throws IOException {
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files =
                ToolProvider.getSystemJavaCompiler().getStandardFileManager(problems, null, null)) {
            boolean compiled = ToolProvider.getSystemJavaCompiler()
                    .getTask(
                            null,
                            files,
                            problems,
                            List.of("-proc:none", "--release", "17", "-d", target.toString()),
                            null,
                            files.getJavaFileObjectsFromPaths(sources))
                    .call();
            assertThat(problems.getDiagnostics())
                    .filteredOn(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
                    .isEmpty();
            assertThat(compiled).isTrue();
        }
        return new CompiledPlugin(
                new URLClassLoader(new URL[] {target.toUri().toURL()}, CompiledPlugin.class.getClassLoader()));
    }

    ClassLoader loader() {
        return classes;
    }

    /** Runs a test class of the plugin. */
    Events run(String testClass) throws ClassNotFoundException {
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.execution.timeout.default", "30 s")
                .selectors(selectClass(classes.loadClass(testClass)))
                .execute()
                .testEvents();
    }

    /** The name of a test, and why it did not succeed. */
    static String outcome(Event event) {
        return event.getTestDescriptor().getDisplayName() + ": "
                + event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .map(Throwable::getMessage)
                        .orElse("");
    }

    @Override
    public void close() throws IOException {
        classes.close();
    }
}
