package dev.holdfast.testsupport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs of the tests in a JVM of their own: the Java and the class path that the tests have. */
public final class JavaProcess {

    private JavaProcess() {}

    /** A process that runs a main class, to be started by the caller, who ends it. */
    public static ProcessBuilder of(Class<?> main, String... arguments) {
        return with(List.of(), main, arguments);
    }

    /** One that SIGINT ends, which it does not where whoever started the tests put them into the background of a shell. */
    public static ProcessBuilder interruptible(Class<?> main, String... arguments) {
        List<String> command = command(List.of(), main, arguments);
        command.addAll(0, List.of("env", "--default-signal=INT"));
        return new ProcessBuilder(command);
    }

    /** @param options of the JVM, which compiles only as far as a short life pays for */
    public static ProcessBuilder with(List<String> options, Class<?> main, String... arguments) {
        return new ProcessBuilder(command(options, main, arguments));
    }

    /** The same as a command line, for what runs it. */
    public static List<String> command(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return command;
    }
}
