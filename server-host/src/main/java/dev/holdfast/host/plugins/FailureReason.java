package dev.holdfast.host.plugins;

import dev.holdfast.host.plugins.exit.RefusedExit;
import dev.holdfast.host.text.OneLine;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says in one line, for an operator, why a class of a plugin could not be found, loaded or constructed. */
final class FailureReason {

    private static final Pattern NOT_CONSTRUCTED = Pattern.compile(".*: Provider (\\S+) could not be instantiated");
    private static final Pattern NOT_FOUND = Pattern.compile(".*: Provider (\\S+) not found");
    private static final Pattern NOT_A_FACTORY = Pattern.compile(".*: (?:Provider )?(\\S+) not a subtype");
    private static final Pattern NO_CONSTRUCTOR = Pattern.compile(".*: (\\S+) Unable to get public no-arg constructor");
    private static final Pattern BAD_SYNTAX = Pattern.compile(".*/([^/]+)!/META-INF/services/[^/:]+:(\\d+): (.+)");
    private static final Pattern CLASS_FILE_VERSION =
            Pattern.compile("(\\S+) has been compiled by .*?(\\d+)\\.\\d+\\).*");
    /** The class file version of Java n is n plus this. */
    private static final int MAJOR_OF_JAVA_0 = 44;

    private final DropIn dropIn;
    private final String serviceFile;
    private final int javaFeature;

    /**
     * Reasons for the failures of one drop-in.
     *
     * @param javaFeature the Java version that runs the server
     */
    FailureReason(OpenedDropIn opened, int javaFeature) {
        this.dropIn = opened.dropIn();
        this.serviceFile = opened.serviceFile();
        this.javaFeature = javaFeature;
    }

    String of(Throwable failure) {
        return OneLine.of(
                failure instanceof ServiceConfigurationError ? ofServiceFile(failure) : ofClass(failure, "its code"));
    }

    /** The JDK's wording of these errors is recognised; an unknown wording is passed on unchanged. */
    private String ofServiceFile(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        Throwable cause = failure.getCause();
        Matcher matcher = NOT_CONSTRUCTED.matcher(message);
        if (matcher.matches() && cause != null) {
            return cause instanceof IllegalAccessException
                    ? "class " + matcher.group(1) + " is not public"
                    : ofClass(cause, "the constructor of " + matcher.group(1));
        }
        matcher = NOT_FOUND.matcher(message);
        if (matcher.matches()) {
            return "its service file names the class " + matcher.group(1) + ", which is not in the plugin";
        }
        matcher = NOT_A_FACTORY.matcher(message);
        if (matcher.matches()) {
            return "class " + matcher.group(1) + " is not a " + serviceFile.substring(serviceFile.lastIndexOf('.') + 1);
        }
        matcher = NO_CONSTRUCTOR.matcher(message);
        if (matcher.matches()) {
            return cause instanceof LinkageError
                    ? ofClass(cause, "class " + matcher.group(1))
                    : "class " + matcher.group(1) + " has no public constructor without parameters";
        }
        matcher = BAD_SYNTAX.matcher(message);
        if (matcher.matches()) {
            return "its service file " + serviceFile + " in " + matcher.group(1) + " has in line " + matcher.group(2)
                    + ": " + matcher.group(3);
        }
        return message + (cause == null ? "" : ": " + cause);
    }

    private String ofClass(Throwable failure, String where) {
        if (failure instanceof RefusedExit) {
            return where + " " + failure.getMessage();
        }
        if (failure instanceof UnsupportedClassVersionError) {
            return ofNewerJava(failure);
        }
        if (failure instanceof ExceptionInInitializerError && failure.getCause() != null) {
            return "a static initialiser throws " + text(failure.getCause());
        }
        Optional<String> missing = MissingClass.reason(failure, dropIn);
        if (missing.isPresent()) {
            return missing.get();
        }
        if (failure instanceof IncompatibleClassChangeError) {
            return "two of its classes do not fit together, as of different versions of a library: " + text(failure);
        }
        if (failure instanceof ClassFormatError || failure instanceof VerifyError) {
            return "one of its classes is damaged: " + text(failure);
        }
        return where + " throws " + text(failure);
    }

    private String ofNewerJava(Throwable failure) {
        Matcher matcher = CLASS_FILE_VERSION.matcher(String.valueOf(failure.getMessage()));
        if (!matcher.matches()) {
            return text(failure);
        }
        int needed = Integer.parseInt(matcher.group(2)) - MAJOR_OF_JAVA_0;
        return "class " + matcher.group(1).replace('/', '.') + " needs Java " + needed + ", this server runs Java "
                + javaFeature + "; run it with Java " + needed + ", or take a build of the plugin for Java "
                + javaFeature;
    }

    private static String text(Throwable failure) {
        return failure.toString();
    }
}
