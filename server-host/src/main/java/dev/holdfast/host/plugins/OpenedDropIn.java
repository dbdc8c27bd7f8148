package dev.holdfast.host.plugins;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A drop-in whose jars are readable and, where there is a list, approved; none of its classes has been loaded. */
record OpenedDropIn(DropIn dropIn, List<PluginJar> jars) {

    /**
     * Opens every jar.
     *
     * @throws RejectedException if one of them is unreadable or not approved
     */
    static OpenedDropIn open(DropIn dropIn, @Nullable Sha256List approved) throws RejectedException {
        List<PluginJar> jars = new ArrayList<>();
        for (Path path : dropIn.jars()) {
            if (approved != null) {
                approved.require(path);
            }
            PluginJar jar = PluginJar.open(path);
            if (approved != null) {
                requireOwnClassPath(jar, dropIn);
            }
            jars.add(jar);
        }
        return new OpenedDropIn(dropIn, List.copyOf(jars));
    }

    /** The Class-Path of an approved jar must not load one that nobody approved. */
    private static void requireOwnClassPath(PluginJar jar, DropIn dropIn) throws RejectedException {
        for (String entry : jar.classPath()) {
            Optional<Path> drawnIn = drawnIn(jar, entry);
            if (drawnIn.isPresent() && !dropIn.jars().contains(drawnIn.get())) {
                throw new RejectedException(
                        "the manifest of " + DropIn.fileName(jar.path()) + " draws in " + drawnIn.get()
                                + " by Class-Path, which is not approved; put both into " + dropIn.home()
                                + ", and their SHA-256 into the list");
            }
        }
    }

    /** The file that an entry leads the class loader to, which follows relative file URLs alone. */
    private static Optional<Path> drawnIn(PluginJar jar, String entry) throws RejectedException {
        try {
            URI uri = jar.path().toUri().resolve(entry);
            return Optional.of(uri)
                    .filter(it -> !entry.isEmpty() && "file".equals(it.getScheme()))
                    .map(it -> Path.of(it).normalize())
                    .filter(Files::exists);
        } catch (IllegalArgumentException e) {
            throw new RejectedException(
                    "the manifest of " + DropIn.fileName(jar.path()) + " names '" + entry
                            + "' under Class-Path, which is not a URL, so that it cannot be checked",
                    e);
        }
    }

    /** Whether one of its jars has a service file that the host looks at. */
    boolean brings() {
        return jars.stream().anyMatch(jar -> jar.brings() || jar.bringsTorchServe());
    }

    PluginForm form() {
        return jars.stream().anyMatch(PluginJar::brings) ? PluginForm.HOLDFAST : PluginForm.TORCHSERVE;
    }

    /** The service file that names its classes. */
    String serviceFile() {
        return form() == PluginForm.HOLDFAST ? PluginJar.SERVICE_FILE : PluginJar.SERVICE_FILE_OF_TORCHSERVE;
    }

    Optional<String> version() {
        return plugins().flatMap(jar -> jar.version().stream()).findFirst();
    }

    Optional<String> sdkVersion() {
        return plugins().flatMap(jar -> jar.sdkVersion().stream()).findFirst();
    }

    private Stream<PluginJar> plugins() {
        boolean ours = form() == PluginForm.HOLDFAST;
        return jars.stream().filter(jar -> ours ? jar.brings() : jar.bringsTorchServe());
    }

    /**
     * Passes a drop-in that has a service file.
     *
     * @param neighbours the other drop-ins of the same plugins path
     * @throws RejectedException if it has none; the message tells what it may be instead
     */
    void requireServiceFile(List<OpenedDropIn> neighbours) throws RejectedException {
        if (brings()) {
            return;
        }
        if (dropIn.isDirectory()) {
            throw new RejectedException("none of its " + jars.size() + " jars has the service file "
                    + PluginJar.SERVICE_FILE + "; is the plugin's own jar missing?");
        }
        List<OpenedDropIn> plugins = neighbours.stream()
                .filter(neighbour -> neighbour.brings() && !neighbour.dropIn().isDirectory())
                .toList();
        if (plugins.isEmpty()) {
            throw new RejectedException("it has no service file " + PluginJar.SERVICE_FILE
                    + ", which names a plugin's factory; a shaded jar loses it unless its build merges service files");
        }
        throw new RejectedException("it has no service file, so it is no plugin; if a plugin needs it, put both into a"
                + " directory of their own, such as " + plugins.get(0).dropIn().home()
                + " (the plugins here: "
                + plugins.stream()
                        .map(plugin -> DropIn.fileName(plugin.dropIn().path()))
                        .collect(Collectors.joining(", "))
                + ")");
    }

    /**
     * Compares the SDK that the plugin was made for with the host's.
     *
     * @param host the host's version; empty if it is not known
     * @return a warning, if the plugin may use what this host does not have
     * @throws RejectedException if the plugin cannot run on this host
     */
    Optional<String> checkSdk(Optional<String> host) throws RejectedException {
        if (sdkVersion().isEmpty()) {
            return Optional.empty();
        }
        String wanted = sdkVersion().get();
        Optional<SdkVersion> plugins = SdkVersion.parse(wanted);
        if (plugins.isEmpty()) {
            throw new RejectedException(
                    "its manifest says Holdfast-SDK-Version '" + wanted + "', which must begin like 1.4");
        }
        Optional<SdkVersion> hosts = host.flatMap(SdkVersion::parse);
        if (hosts.isEmpty()) {
            return Optional.empty();
        }
        if (plugins.get().major() != hosts.get().major()) {
            throw new RejectedException("it is made for SDK " + wanted + ", this server has SDK " + host.get()
                    + "; take a build of the plugin for SDK " + hosts.get().major() + ".x");
        }
        return plugins.get().minor() <= hosts.get().minor()
                ? Optional.empty()
                : Optional.of("it is made for SDK " + wanted + ", which is newer than this server's SDK " + host.get()
                        + "; what is new in it fails; update the server");
    }
}
