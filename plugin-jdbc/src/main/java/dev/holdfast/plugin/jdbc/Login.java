package dev.holdfast.plugin.jdbc;

import java.util.Properties;
import java.util.regex.Pattern;

/** Who we are to the database. Shows the password to nobody but the driver. */
final class Login {

    /** Fewer characters than this stand in ordinary words. */
    private static final int SHORT = 8;

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

    /**
     * A driver's message without the password, should one ever have it. A short one is taken out where it stands alone,
     * and not out of the words that have its letters.
     */
    String mask(String message) {
        if (password.isEmpty()) {
            return message;
        }
        if (password.length() >= SHORT) {
            return message.replace(password, "***");
        }
        return Pattern.compile("(?<![\\p{L}\\p{N}])" + Pattern.quote(password) + "(?![\\p{L}\\p{N}])")
                .matcher(message)
                .replaceAll("***");
    }

    @Override
    public String toString() {
        return user.isEmpty() ? "no user" : "user " + user;
    }
}
