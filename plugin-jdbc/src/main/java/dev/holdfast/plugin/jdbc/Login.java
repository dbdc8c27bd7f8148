package dev.holdfast.plugin.jdbc;

import java.util.Properties;

/** Who we are to the database. Shows the password to nobody but the driver. */
final class Login {

    private final String user;
    private final String password;

    /** Both empty where the database asks for neither. */
    Login(String user, String password) {
        this.user = user;
        this.password = password;
    }

    void addTo(Properties properties) {
        if (!user.isEmpty()) {
            properties.setProperty("user", user);
        }
        if (!password.isEmpty()) {
            properties.setProperty("password", password);
        }
    }

    /** A driver's message without the password, should one ever have it. */
    String mask(String message) {
        return password.isEmpty() ? message : message.replace(password, "***");
    }

    @Override
    public String toString() {
        return user.isEmpty() ? "no user" : "user " + user;
    }
}
