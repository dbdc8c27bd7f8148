package dev.holdfast.host.runtime.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class PythonRuntimeIT {

    @RegisterExtension
    final LogLines log = new LogLines(PythonRuntime.class);

    @TempDir
    Path directory;

    private PythonSettings settings(boolean handlers, Optional<String> python) {
        return new PythonSettings(
                handlers,
                python,
                Optional.empty(),
                1000,
                false,
                true,
                true,
                "",
                WorkerMetrics.NONE,
                Map.of(),
                directory);
    }

    private PythonRuntime runtime(PythonSettings settings) {
        return new PythonRuntime(settings, new WorkerDirectory(directory.resolve("logs"), directory));
    }

    /** A program that answers as a Python would that is told by these lines. */
    private String pythonThatSays(String... lines) throws IOException {
        Path file = directory.resolve("fake-python");
        Files.writeString(file, "#!/bin/sh\ncat <<'END'\n" + String.join("\n", lines) + "\nEND\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }

    private FakeArchive archive(String handler, String runtime) {
        return new FakeArchive("x.mar", directory, FakeArchive.manifest("m", null, handler, runtime));
    }

    @Test
    void handlersThatAreSwitchedOffAreRefusedWithTheWaysThatThereAre() {
        PythonRuntime runtime = runtime(settings(false, Optional.empty()));

        assertThatThrownBy(() -> runtime.load(archive("h.py", "python")))
                .isInstanceOf(ModelLoadException.class)
                .hasMessage(
                        "Archive x.mar: its handler 'h.py' is Python, and python_handlers=false says that none is run"
                                + " here. Set it to true, or export the model to ONNX, by torch.onnx.export, and name the"
                                + " handler onnx");
    }

    @Test
    void aPythonThatIsNotThereIsNamedWithTheCure() {
        PythonRuntime runtime = runtime(settings(true, Optional.of("/nowhere/python9")));

        assertThatThrownBy(() -> runtime.load(archive("h.py", "python")))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageStartingWith(
                        "Archive x.mar: its handler 'h.py' is Python, and no Python of 3.8 or newer was found:"
                                + " /nowhere/python9 cannot be run (")
                .hasMessageEndingWith(
                        "Install one, or name it with python=/path/to/python3; or export the model to ONNX, by"
                                + " torch.onnx.export, and name the handler onnx");
    }

    @Test
    void aPythonThatIsTooOldIsNamedWithItsVersion() throws IOException {
        String old = pythonThatSays("3.7.17", "/usr/bin/python3.7");
        PythonRuntime runtime = runtime(settings(true, Optional.of(old)));

        assertThatThrownBy(() -> runtime.load(archive("h.py", "python"))).hasMessageContaining(" is 3.7.17. Install");
    }

    @Test
    void runtimesThatAreNoPythonAreRefusedByName() {
        PythonRuntime runtime = runtime(settings(true, Optional.empty()));

        assertThatThrownBy(() -> runtime.load(archive("libh.so", "LSP")))
                .hasMessage(
                        "Archive x.mar is made for the runtime 'LSP', which is not run here; python and python3 are");
    }

    @Test
    void aHandlerOfThePackageTorchserveIsMissedByNameWhereThatIsNotInstalled() throws IOException {
        String bare = pythonThatSays("3.11.2", "/usr/bin/python3", "", "");
        PythonRuntime runtime = runtime(settings(true, Optional.of(bare)));

        assertThatThrownBy(() -> runtime.load(archive("image_classifier", "python")))
                .hasMessageContaining("part of the package torchserve: install torchserve, torch, pyyaml and psutil for"
                        + " /usr/bin/python3");
        assertThatThrownBy(() -> runtime.load(archive("h.py", "python"))).hasMessageEndingWith("has no file h.py");
        assertThatThrownBy(() -> runtime.load(archive("a/../../h.py", "python")))
                .hasMessageContaining("without '..'");
        Files.writeString(directory.resolve("h.py"), "");
        assertThat(runtime.load(archive("h.py:go", "python3")).signature().isOfHandler())
                .isTrue();
        assertThat(log.info())
                .containsExactly(
                        "Archive x.mar: handler h.py:go runs in Python 3.11.2 (/usr/bin/python3), by the worker of"
                                + " Holdfast");
    }

    @Test
    void theDirectoryOfWorkersIsPrivateAndGoesWithTheHost() throws IOException {
        WorkerDirectory workers = new WorkerDirectory(directory.resolve("logs"), directory);

        Path made = workers.get();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
        assertThat(WorkerFiles.in(made))
                .isEqualTo(made.resolve("worker/worker.py"))
                .isNotEmptyFile();
        assertThat(directory.resolve("logs/python-workers")).hasContent(made.toString());
        workers.close();
        assertThat(made).doesNotExist();
        assertThat(directory.resolve("logs/python-workers")).doesNotExist();
    }

    @Test
    void whatAnEarlierHostLeftIsRemovedAndNothingElseThatANoteNames() throws IOException {
        Path left = new WorkerDirectory(directory.resolve("logs"), directory).get();
        WorkerDirectory next = new WorkerDirectory(directory.resolve("logs"), directory);

        next.clean();
        Path precious = Files.createDirectories(directory.resolve("precious"));
        Files.writeString(directory.resolve("logs/python-workers"), precious.toString());
        next.clean();

        assertThat(left).doesNotExist();
        assertThat(precious).exists();
    }
}
