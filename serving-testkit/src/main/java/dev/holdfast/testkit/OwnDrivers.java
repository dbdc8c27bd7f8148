package dev.holdfast.testkit;

import java.sql.DriverManager;
import java.util.List;
import java.util.function.Supplier;

/**
 * The JDBC drivers of the class loader that this class is in which DriverManager still has. It shows a driver to those alone who
 * see the driver's class, so this one is loaded by the loader in question; it knows the JDK alone.
 */
final class OwnDrivers implements Supplier<List<String>> {

    @Override
    public List<String> get() {
        return DriverManager.drivers()
                .filter(driver -> driver.getClass().getClassLoader() == OwnDrivers.class.getClassLoader())
                .map(driver -> driver.getClass().getName())
                .toList();
    }
}
