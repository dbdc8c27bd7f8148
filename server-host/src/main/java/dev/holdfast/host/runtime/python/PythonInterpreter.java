package dev.holdfast.host.runtime.python;

import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A Python on this machine, and what it says of itself.
 *
 * @param executable its path, as it gives it
 * @param torchServe the user's own worker, where this Python has all that it needs
 */
record PythonInterpreter(String executable, String version, Optional<TorchServe> torchServe) {

    /** @param worker the file {@code model_service_worker.py} of the package */
    record TorchServe(Path worker, String version) {}

    private static final int SECONDS_TO_ANSWER = 30;
    private static final int LONGEST_ANSWER = 1 << 16;

    /** Four lines: version, executable, the directory of the package ts or nothing, its version or nothing. */
    private static final String QUESTION = """
            import sys
            print('.'.join(str(part) for part in sys.version_info[:3]))
            print(sys.executable)
            from importlib.util import find_spec
            import os
            ready = all(find_spec(name) for name in ('ts', 'torch', 'yaml', 'psutil'))
            home = list(find_spec('ts').submodule_search_locations or [''])[0] if ready else ''
            print(home)
            said = os.path.join(home, 'version.txt')
            print(open(said).read().strip() if home and os.path.exists(said) else '')
            """;

    /**
     * Finds the Python that the operator names, or else the first that is fit.
     *
     * @throws ModelLoadException if there is none of 3.8 or newer
     */
    static PythonInterpreter find(PythonSettings settings) {
        List<String> names = settings.python().map(List::of).orElseGet(() -> List.of("python3", "python"));
        List<String> found = new ArrayList<>();
        for (String name : names) {
            try {
                PythonInterpreter python = ask(name, settings);
                if (python.isFit()) {
                    return python;
                }
                found.add(OneLine.name(name) + " is " + OneLine.name(python.version()));
            } catch (IOException e) {
                found.add(
                        OneLine.name(name) + " cannot be run (" + OneLine.reason(String.valueOf(e.getMessage())) + ")");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                found.add(OneLine.name(name) + " was not waited for");
            }
        }
        throw new ModelLoadException("no Python of 3.8 or newer was found: " + String.join("; ", found)
                + ". Install one, or name it with python=/path/to/python3");
    }

    private boolean isFit() {
        String[] parts = version.split("\\.");
        try {
            int major = Integer.parseInt(parts[0]);
            return major > 3 || (major == 3 && Integer.parseInt(parts[1]) >= 8);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return false;
        }
    }

    private static PythonInterpreter ask(String name, PythonSettings settings)
            throws IOException, InterruptedException {
        ProcessBuilder question = new ProcessBuilder(name, "-c", QUESTION)
                // Python looks for modules where it is started, and a stray directory called ts is no package.
                .directory(settings.temporary().toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        question.environment().clear();
        question.environment().putAll(settings.environment());
        Process process = question.start();
        try {
            process.getOutputStream().close();
            byte[] answer = process.getInputStream().readNBytes(LONGEST_ANSWER);
            if (!process.waitFor(SECONDS_TO_ANSWER, TimeUnit.SECONDS)) {
                throw new IOException("it does not answer");
            }
            return read(new String(answer, StandardCharsets.UTF_8).lines().toList());
        } finally {
            process.destroyForcibly();
        }
    }

    private static PythonInterpreter read(List<String> lines) throws IOException {
        if (lines.size() < 2) {
            throw new IOException("it does not say which version it is");
        }
        // One that is too old for the rest of the question has said so by then.
        String home = lines.size() > 2 ? lines.get(2) : "";
        Path worker = Path.of(home, "model_service_worker.py");
        return new PythonInterpreter(
                lines.get(1),
                lines.get(0),
                !home.isEmpty() && Files.isRegularFile(worker)
                        ? Optional.of(new TorchServe(worker, lines.size() > 3 ? lines.get(3) : ""))
                        : Optional.empty());
    }
}
