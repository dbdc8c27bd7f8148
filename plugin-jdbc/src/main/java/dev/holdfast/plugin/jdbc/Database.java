package dev.holdfast.plugin.jdbc;

import java.util.List;
import java.util.Set;

/** The kinds of database that this plugin knows, and which parameters their URLs may have. */
enum Database {
    SQLITE("SQLite", "sqlite-jdbc-<version>.jar"),
    POSTGRESQL("PostgreSQL", "postgresql-<version>.jar"),
    MARIADB("MariaDB", "mariadb-java-client-<version>.jar"),
    MYSQL("MySQL", "mysql-connector-j-<version>.jar or mariadb-java-client-<version>.jar"),
    H2("H2", "h2-<version>.jar");

    private static final Set<String> OF_POSTGRESQL = Set.of(
            "ApplicationName",
            "channelBinding",
            "currentSchema",
            "gssEncMode",
            "hostRecheckSeconds",
            "loadBalanceHosts",
            "prepareThreshold",
            "ssl",
            "sslNegotiation",
            "sslcert",
            "sslkey",
            "sslmode",
            "sslrootcert",
            "targetServerType");
    private static final Set<String> OF_MARIADB =
            Set.of("enabledSslProtocolSuites", "serverRsaPublicKeyFile", "serverSslCert", "sslMode");
    private static final Set<String> OF_H2 = Set.of("CACHE_SIZE", "DB_CLOSE_DELAY", "WRITE_DELAY");

    private final String shown;
    private final String driverJar;

    Database(String shown, String driverJar) {
        this.shown = shown;
        this.driverJar = driverJar;
    }

    /** Where the driver's class may lie: MySQL's own driver where the operator has dropped it in, else MariaDB's. */
    List<String> driverPackages() {
        return switch (this) {
            case SQLITE -> List.of("org.sqlite.");
            case POSTGRESQL -> List.of("org.postgresql.");
            case MARIADB -> List.of("org.mariadb.");
            case MYSQL -> List.of("com.mysql.", "org.mariadb.");
            case H2 -> List.of("org.h2.");
        };
    }

    /** Which jar to drop in where the driver is missing. */
    String driverJar() {
        return driverJar;
    }

    /**
     * The parameters that a URL may have. All others are refused, because drivers have some that read files, run SQL or
     * load classes, and get new ones.
     */
    Set<String> urlParameters() {
        return switch (this) {
            case SQLITE -> Set.of();
            case POSTGRESQL -> OF_POSTGRESQL;
            case MARIADB, MYSQL -> OF_MARIADB;
            case H2 -> OF_H2;
        };
    }

    @Override
    public String toString() {
        return shown;
    }
}
