package dev.holdfast.plugin.jdbc;

import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The drivers that lie in the plugin's own class loader.
 *
 * <p>{@code DriverManager} does not give a driver of one class loader to the code of another, so it is not asked. Drivers
 * register there all the same when they are loaded, and would so hold the plugin's class loader for ever: {@link
 * #deregister} takes them out.
 */
final class Drivers {

    private static final Logger log = LoggerFactory.getLogger(Drivers.class);

    private static final int ROUNDS = 10;

    private Drivers() {}

    /**
     * The driver for a kind of database.
     *
     * @throws IllegalArgumentException if there is none; the message names the jar to drop in, and where
     */
    static Driver find(Database database, ClassLoader loader) {
        List<ServiceLoader.Provider<Driver>> providers = providers(loader);
        List<String> broken = new ArrayList<>();
        for (String name : database.driverPackages()) {
            for (ServiceLoader.Provider<Driver> provider : providers) {
                if (provider.type().getName().startsWith(name)) {
                    try {
                        return provider.get();
                    } catch (ServiceConfigurationError | LinkageError e) {
                        log.debug("Driver {} cannot be loaded", provider.type().getName(), e);
                        broken.add(provider.type().getName() + ": " + e);
                    }
                }
            }
        }
        throw new IllegalArgumentException("There is no driver for " + database + " beside the plugin"
                + (broken.isEmpty() ? "" : " that works (" + Text.oneLine(String.join("; ", broken)) + ")")
                + ": put " + database.driverJar() + " into " + home() + " and start again");
    }

    private static List<ServiceLoader.Provider<Driver>> providers(ClassLoader loader) {
        List<ServiceLoader.Provider<Driver>> providers = new ArrayList<>();
        var all = ServiceLoader.load(Driver.class, loader).stream().iterator();
        while (true) {
            try {
                if (!all.hasNext()) {
                    return providers;
                }
                providers.add(all.next());
            } catch (ServiceConfigurationError e) {
                // A damaged jar beside ours; the iterator has gone past it.
                log.debug("A driver is passed over", e);
            }
        }
    }

    /** Where the plugin lies: the directory of its jar. */
    private static String home() {
        var source = Drivers.class.getProtectionDomain().getCodeSource();
        String path = source == null ? "" : source.getLocation().getPath();
        int end = path.lastIndexOf('/');
        return path.endsWith(".jar") && end > 0 ? path.substring(0, end) : "the plugin's directory";
    }

    /** Lets go of the drivers that the plugin's class loader has loaded. */
    static void deregister() {
        ClassLoader ours = Drivers.class.getClassLoader();
        if (ours == ClassLoader.getSystemClassLoader()) {
            // Not a plugin but a part of an application, whose drivers are no business of ours.
            return;
        }
        // Whoever lists drivers has their classes loaded by his own class loader too, which registers those anew. The
        // rounds are bounded, for a driver may register itself again whenever it is let go of.
        for (int round = 0; round < ROUNDS; round++) {
            List<Driver> left = registered(ours);
            if (left.isEmpty()) {
                return;
            }
            left.forEach(Drivers::deregister);
        }
        List<Driver> left = registered(ours);
        if (!left.isEmpty()) {
            log.warn("Drivers {} cannot be let go of, and so this plugin cannot be unloaded", left);
        }
    }

    private static List<Driver> registered(ClassLoader loader) {
        return DriverManager.drivers()
                .filter(driver -> driver.getClass().getClassLoader() == loader)
                .toList();
    }

    private static void deregister(Driver driver) {
        try {
            DriverManager.deregisterDriver(driver);
        } catch (SQLException e) {
            log.warn("Driver {} cannot be let go of: {}", driver.getClass().getName(), e.toString());
        }
    }
}
