package dev.holdfast.host.cli;

import dev.holdfast.testsupport.JavaProcess;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;

/** A process that has the lock of a log location until it is killed, and signs nothing. */
record LockHolder(Process process) implements AutoCloseable {

    static LockHolder start(Path logs) throws IOException {
        Process process = JavaProcess.of(Main.class, logs.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        LockHolder holder = new LockHolder(process);
        String said = process.inputReader().readLine();
        if (!"locked".equals(said)) {
            holder.close();
            throw new IOException("The process that was to take the lock said " + said);
        }
        return holder;
    }

    /**
     * Signs the lock as the holder's own process would in another pid namespace: with a number that means nothing here, or
     * somebody else.
     */
    void signAsSeenElsewhere(Path logs) throws IOException {
        try (FileChannel channel = LockFile.open(logs)) {
            LockFile.sign(channel, elsewhere());
        }
    }

    static ProcessIdentity elsewhere() {
        String boot = ProcessIdentity.current().birth().replaceFirst("\\+.*", "");
        return new ProcessIdentity(1, boot + "+1");
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }

    /** What runs in the process of its own. */
    static final class Main {

        private Main() {}

        public static void main(String[] arguments) throws Exception {
            try (FileChannel channel = LockFile.open(Path.of(arguments[0]));
                    FileLock lock = channel.lock()) {
                System.out.println(lock.isValid() ? "locked" : "not locked");
                Thread.currentThread().join();
            }
        }
    }
}
