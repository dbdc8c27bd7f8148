package dev.holdfast.host.plugins.exit;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.CodeSource;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.pf4j.ClassLoadingStrategy;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginManager;

/** The class loader of a plugin, none of whose classes can end the process by calling {@code exit}. */
public final class ExitRefusingLoader extends PluginClassLoader {

    /** Opened once each, and not by the JDK's cache, which other class loaders share and this one could not close. */
    private final Map<String, JarFile> jars = new HashMap<>();

    public ExitRefusingLoader(PluginManager manager, PluginDescriptor descriptor, ClassLoader parent) {
        super(manager, descriptor, parent, ClassLoadingStrategy.APD);
    }

    /** Where a class comes from; without a jar it lies in a directory of classes, which a manifest's Class-Path names. */
    private record Origin(
            URL source, @Nullable JarFile jar, @Nullable JarEntry entry) {}

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            URL url = findResource(name.replace('.', '/') + ".class");
            if (url == null) {
                throw new ClassNotFoundException(name);
            }
            try {
                Origin origin = origin(url);
                byte[] original = read(url, origin);
                byte[] rewritten = ExitRewriter.rewrite(original);
                // A class without such a call is defined as in every other plugin.
                return rewritten == original ? super.findClass(name) : define(name, rewritten, origin);
            } catch (IOException | URISyntaxException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    private Origin origin(URL url) throws IOException, URISyntaxException {
        if (url.openConnection() instanceof JarURLConnection connection) {
            JarFile jar = jar(connection.getJarFileURL());
            return new Origin(connection.getJarFileURL(), jar, jar.getJarEntry(connection.getEntryName()));
        }
        return new Origin(url, null, null);
    }

    private static byte[] read(URL url, Origin origin) throws IOException {
        JarFile jar = origin.jar();
        JarEntry entry = origin.entry();
        try (InputStream stream = jar == null || entry == null ? url.openStream() : jar.getInputStream(entry)) {
            return stream.readAllBytes();
        }
    }

    private Class<?> define(String name, byte[] rewritten, Origin origin) throws IOException {
        int dot = name.lastIndexOf('.');
        if (dot > 0 && getDefinedPackage(name.substring(0, dot)) == null) {
            JarFile jar = origin.jar();
            Manifest manifest = jar == null ? null : jar.getManifest();
            definePackage(name.substring(0, dot), manifest == null ? new Manifest() : manifest, origin.source());
        }
        // Known only after the entry was read to its end.
        JarEntry entry = origin.entry();
        CodeSigner[] signers = entry == null ? null : entry.getCodeSigners();
        return defineClass(name, rewritten, 0, rewritten.length, new CodeSource(origin.source(), signers));
    }

    private JarFile jar(URL source) throws IOException, URISyntaxException {
        JarFile jar = jars.get(source.toString());
        if (jar == null) {
            jar = new JarFile(Path.of(source.toURI()).toFile(), true, ZipFile.OPEN_READ, JarFile.runtimeVersion());
            jars.put(source.toString(), jar);
        }
        return jar;
    }

    @Override
    public void close() throws IOException {
        super.close();
        for (JarFile jar : jars.values()) {
            jar.close();
        }
    }
}
