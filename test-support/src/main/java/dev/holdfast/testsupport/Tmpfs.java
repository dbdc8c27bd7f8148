package dev.holdfast.testsupport;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A disk of a size of its own, in memory, for what happens when it is full. */
public final class Tmpfs {

    private Tmpfs() {}

    /**
     * Mounts one at a new directory; leaves the test out where nobody may mount.
     *
     * @param options such as {@code size=4m}
     */
    public static Path mount(Path at, String options) throws IOException, InterruptedException {
        Files.createDirectory(at);
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", options, "tmpfs", at.toString()) == 0,
                "a tmpfs could be mounted (this takes root)");
        return at;
    }

    /** @param options such as {@code remount,ro} */
    public static void change(Path at, String options) throws IOException, InterruptedException {
        if (run("mount", "-o", options, at.toString()) != 0) {
            throw new IOException("The tmpfs at " + at + " did not take " + options);
        }
    }

    /** Takes it away, also while files of it are open; does nothing where none is. */
    public static void unmount(Path at) throws IOException, InterruptedException {
        run("umount", "-l", at.toString());
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.waitFor(60, TimeUnit.SECONDS);
        return process.exitValue();
    }
}
