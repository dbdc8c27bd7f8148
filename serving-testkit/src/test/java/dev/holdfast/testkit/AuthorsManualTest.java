package dev.holdfast.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the plugin author's manual shows as Java is Java. */
class AuthorsManualTest {

    private static final Pattern CODE = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern TYPE = Pattern.compile("final class (\\w+)");

    @TempDir
    private Path directory;

    @Test
    void theCodeOfTheManualCompilesAgainstTheSdk() throws IOException {
        String manual = Files.readString(Path.of("..", "docs", "plugin-authors-manual.md"));
        List<Path> sources = new ArrayList<>();
        Matcher code = CODE.matcher(manual);
        while (code.find()) {
            Matcher type = TYPE.matcher(code.group(1));
            assertThat(type.find()).as("a class in %s", code.group(1)).isTrue();
            sources.add(Files.writeString(directory.resolve(type.group(1) + ".java"), code.group(1)));
        }
        assertThat(sources).hasSize(2);

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
}
