package dev.holdfast.host.plugins;

/** A library that is on the host's class path, of which plugins bring other versions under the same name. */
public final class SharedLibrary {

    private SharedLibrary() {}

    public static String version() {
        return "of-the-host";
    }
}
