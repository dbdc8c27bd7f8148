package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.Events;

/** What the plugin author's manual shows is a plugin that compiles, is found, and passes the contract. */
class AuthorsManualTest {

    private static final Pattern CODE = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern TYPE = Pattern.compile("^(?:public )?(?:final )?class (\\w+)", Pattern.MULTILINE);
    private static final Pattern SERVICE =
            Pattern.compile("the file `(META-INF/services/[\\w.]+)` with\\n\\n {4}(\\S+)\\n");

    @TempDir
    private Path directory;

    private String manual;

    @BeforeEach
    void compileTheCodeOfTheManual() throws IOException {
        manual = Files.readString(Path.of("..", "docs", "plugin-authors-manual.md"));
        List<Path> sources = new ArrayList<>();
        Matcher code = CODE.matcher(manual);
        while (code.find()) {
            Matcher type = TYPE.matcher(code.group(1));
            assertThat(type.find()).as("a class in %s", code.group(1)).isTrue();
            sources.add(Files.writeString(directory.resolve(type.group(1) + ".java"), code.group(1)));
        }
        assertThat(sources)
                .extracting(source -> source.getFileName().toString())
                .containsExactly("MemorySerializerFactory.java", "MemorySerializer.java", "MemorySerializerTest.java");

        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(problems, null, null)) {
            boolean compiled = compiler.getTask(
                            null,
                            files,
                            problems,
                            List.of("-proc:none", "--release", "17", "-d", directory.toString()),
                            null,
                            files.getJavaFileObjectsFromPaths(sources))
                    .call();
            assertThat(problems.getDiagnostics())
                    .filteredOn(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
                    .isEmpty();
            assertThat(compiled).isTrue();
        }
    }

    @Test
    void theFileThatTheManualNamesMakesThePluginFound() throws IOException {
        Matcher service = SERVICE.matcher(manual);
        assertThat(service.find()).as("the services file in the manual").isTrue();
        Path file = directory.resolve(service.group(1));
        Files.createDirectories(file.getParent());
        Files.writeString(file, service.group(2) + "\n");

        try (URLClassLoader plugin = classLoader()) {
            assertThat(ServiceLoader.load(SnapshotSerializerFactory.class, plugin))
                    .filteredOn(factory -> factory.getClass().getClassLoader() == plugin)
                    .singleElement()
                    .extracting(SnapshotSerializerFactory::name)
                    .isEqualTo("memory");
        }
    }

    @Test
    void thePluginOfTheManualPassesTheContract() throws Exception {
        try (URLClassLoader plugin = classLoader()) {
            Events tests = EngineTestKit.engine("junit-jupiter")
                    .configurationParameter("junit.jupiter.execution.timeout.default", "30 s")
                    .selectors(selectClass(plugin.loadClass("com.example.MemorySerializerTest")))
                    .execute()
                    .testEvents();

            assertThat(tests.failed().stream().map(AuthorsManualTest::outcome)).isEmpty();
            assertThat(tests.succeeded().count()).as("tests that passed").isGreaterThan(35);
            // What is left out is what the manual says, and nothing else.
            assertThat(tests.aborted().stream().map(AuthorsManualTest::outcome))
                    .allMatch(outcome ->
                            outcome.endsWith("MemorySerializerTest does not override damage(), so damage is not tested")
                                    || outcome.endsWith("the serializer does not remove snapshots")
                                    || outcome.endsWith("the store has many writers"));
            assertThat(tests.skipped().count()).isZero();
        }
    }

    private URLClassLoader classLoader() throws IOException {
        return new URLClassLoader(
                new URL[] {directory.toUri().toURL()}, getClass().getClassLoader());
    }

    private static String outcome(Event event) {
        return event.getTestDescriptor().getDisplayName() + ": "
                + event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .map(Throwable::getMessage)
                        .orElse("");
    }
}
