package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.process.WorkerLaunch;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How the processes with an ONNX model are started: the Java and the classes of this host, as small as they run.
 *
 * @param archive the archive's name, for messages
 * @param model the model's file
 * @param threads that work on one run
 * @param environment what the processes find in theirs
 * @param crashReports where the JVM writes what it knows of a crash
 */
record OnnxLaunch(String archive, Path model, int threads, Map<String, String> environment, Path crashReports)
        implements WorkerLaunch {

    private static final String LIBRARIES = "onnxruntime.native.path";

    @Override
    public String program() {
        return "The process for " + archive;
    }

    @Override
    public ProcessBuilder command(Path home, Path socket) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Xms8m",
                "-Xss512k",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + crashReports.resolve("hs_err_" + socket.getFileName() + ".log"),
                "-Dstdout.encoding=UTF-8",
                "-Djava.io.tmpdir=" + home));
        libraries(home).ifPresent(place -> command.add("-D" + LIBRARIES + "=" + place));
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), OnnxWorker.class.getName(), socket.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        return builder;
    }

    /** Where the native libraries lie unpacked; else each process would unpack its own, and leave it when it is killed. */
    private static synchronized Optional<Path> libraries(Path home) throws IOException {
        String given = System.getProperty(LIBRARIES);
        if (given != null) {
            return Optional.of(Path.of(given));
        }
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String from = "/ai/onnxruntime/native/linux-" + (arch.equals("aarch64") ? "aarch64" : "x64") + "/";
        Path place = home.resolve("onnxruntime");
        if (Files.isDirectory(place)) {
            return Optional.of(place);
        }
        Path part = Files.createDirectories(home.resolve("onnxruntime.part"));
        for (String name : List.of("libonnxruntime.so", "libonnxruntime4j_jni.so")) {
            try (InputStream in = OnnxLaunch.class.getResourceAsStream(from + name)) {
                if (in == null) {
                    return Optional.empty();
                }
                Files.copy(in, part.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
        return Optional.of(place);
    }

    @Override
    public LoadOrder order() {
        return new LoadOrder(model.toAbsolutePath().toString(), Integer.toString(threads), archive, false);
    }

    /** As large as an array can be: answers in the host's own memory have no other limit. */
    @Override
    public int maxResponseSize() {
        return Integer.MAX_VALUE - 16;
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("worker", "onnx");
    }
}
