package dev.holdfast.host.runtime.python;

import dev.holdfast.host.archive.Archive;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What the files of a handler import when they are loaded, and a Python lacks. Nothing of the handler is run for it. */
final class HandlerImports {

    private static final int SECONDS_TO_ANSWER = 60;
    private static final int LONGEST_ANSWER = 1 << 16;

    /** What a worker of Holdfast brings along in the place of the package torchserve. */
    private static final String SHIPPED =
            "ts,ts.context,ts.metrics,ts.metrics.dimension,ts.metrics.metric_type_enum,ts.utils,ts.utils.util";

    /** A line for each module that is lacking. What stands inside of a function, or a try, may be meant to be. */
    private static final String QUESTION = """
            import ast, os, sys
            from importlib.util import find_spec
            root, file, shipped = sys.argv[1], sys.argv[2], [name for name in sys.argv[3].split(",") if name]
            sys.path[:] = [os.path.dirname(file), root] + [path for path in sys.path if path]
            seen, lacking, todo = set(), {}, [file]
            while todo and len(seen) < 500:
                path = todo.pop()
                if path in seen:
                    continue
                seen.add(path)
                with open(path, "rb") as source:
                    tree = ast.parse(source.read(), path)
                for node in tree.body:
                    if isinstance(node, ast.Import):
                        names = [alias.name for alias in node.names]
                    elif isinstance(node, ast.ImportFrom) and node.level == 0:
                        names = [node.module]
                    else:
                        continue
                    for name in names:
                        top = name.split(".")[0]
                        spec = None if shipped and top == "ts" else find_spec(top)
                        if spec is None and name not in shipped:
                            lacking[name] = None
                        elif spec is not None and (spec.origin or "").startswith(root + os.sep):
                            todo.append(spec.origin)
            print("\\n".join(lacking))
            """;

    private HandlerImports() {}

    /**
     * @return the modules that are lacking; empty too where the handler cannot be read, which its loading would say
     */
    static List<String> lacking(Archive archive, String handler, PythonInterpreter python, PythonSettings settings) {
        String named = handler.split(":", 2)[0];
        Path file = archive.root().resolve(named.endsWith(".py") ? named : named + ".py");
        if (!Files.isRegularFile(file)) {
            return List.of();
        }
        ProcessBuilder question = new ProcessBuilder(
                        python.executable(),
                        "-c",
                        QUESTION,
                        archive.root().toString(),
                        file.toString(),
                        python.torchServe().isPresent() ? "" : SHIPPED)
                .directory(settings.temporary().toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        question.environment().clear();
        question.environment().putAll(settings.environment());
        try {
            Process process = question.start();
            try {
                process.getOutputStream().close();
                byte[] answer = process.getInputStream().readNBytes(LONGEST_ANSWER);
                boolean ended = process.waitFor(SECONDS_TO_ANSWER, TimeUnit.SECONDS);
                return ended && process.exitValue() == 0
                        ? new String(answer, StandardCharsets.UTF_8)
                                .lines()
                                .filter(line -> !line.isBlank())
                                .toList()
                        : List.of();
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }
}
