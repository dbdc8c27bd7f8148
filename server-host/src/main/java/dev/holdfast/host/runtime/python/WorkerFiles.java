package dev.holdfast.host.runtime.python;

import dev.holdfast.host.common.FileTrees;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The files of Holdfast's own worker. */
final class WorkerFiles {

    static final List<String> NAMES = List.of(
            "worker.py",
            "holdfast_worker/__init__.py",
            "holdfast_worker/context.py",
            "holdfast_worker/envelopes.py",
            "holdfast_worker/loader.py",
            "holdfast_worker/main.py",
            "holdfast_worker/metrics.py",
            "holdfast_worker/service.py",
            "holdfast_worker/wire.py",
            "ts/__init__.py",
            "ts/context.py",
            "ts/handler_utils/__init__.py",
            "ts/handler_utils/utils.py",
            "ts/metrics/__init__.py",
            "ts/metrics/dimension.py",
            "ts/metrics/metric_type_enum.py",
            "ts/protocol/__init__.py",
            "ts/protocol/otf_message_handler.py",
            "ts/utils/__init__.py",
            "ts/utils/util.py");

    private WorkerFiles() {}

    /**
     * Puts them there, where they are not yet.
     *
     * @return the file to be started
     */
    static synchronized Path in(Path directory) throws IOException {
        Path worker = directory.resolve("worker");
        if (!Files.isDirectory(worker)) {
            Path part = directory.resolve("worker.part");
            FileTrees.delete(part);
            for (String name : NAMES) {
                copy(name, part.resolve(name));
            }
            Files.move(part, worker, StandardCopyOption.ATOMIC_MOVE);
        }
        return worker.resolve("worker.py");
    }

    private static void copy(String name, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        try (InputStream in = WorkerFiles.class.getResourceAsStream("worker/" + name)) {
            if (in == null) {
                throw new IOException("The host lacks its file worker/" + name + "; install it again");
            }
            Files.copy(in, to);
        }
    }
}
