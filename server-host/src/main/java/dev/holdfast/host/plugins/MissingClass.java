package dev.holdfast.host.plugins;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says of a class that a plugin uses, and that is in none of its jars, where to put the jar that has it. */
final class MissingClass {

    private MissingClass() {}

    /** @return empty if the failure is another one */
    static Optional<String> reason(@Nullable Throwable failure, DropIn dropIn) {
        if (!(failure instanceof NoClassDefFoundError || failure instanceof ClassNotFoundException)) {
            return Optional.empty();
        }
        String name = String.valueOf(failure.getMessage());
        // A name with a space in it tells of a class that failed to initialise or lies in the wrong directory.
        return name.contains(" ")
                ? Optional.empty()
                : Optional.of("class " + name.replace('/', '.') + " is not in the plugin; put the jar that has it "
                        + (dropIn.isDirectory() ? "into " : "and the plugin's own into ") + dropIn.home());
    }
}
