package dev.holdfast.host.plugins;

import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The first two numbers of a version of the SDK. A plugin runs on a host of the same major version; one made for a newer
 * minor version may use what the host does not have.
 */
record SdkVersion(int major, int minor) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})([.\\-+].*)?");

    /** Empty if the text does not begin with two numbers, such as {@code 1.4}. */
    static Optional<SdkVersion> parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        return matcher.matches()
                ? Optional.of(new SdkVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }

    /**
     * The version in the jar of the SDK that this host runs with: its manifest's, else that of Maven's properties. A
     * directory of classes, as a developer's build has it, says nothing.
     */
    static Optional<String> ofThisHost() {
        Class<?> sdk = SnapshotSerializerFactory.class;
        String inManifest = sdk.getPackage().getImplementationVersion();
        if (inManifest != null) {
            return Optional.of(inManifest);
        }
        try (InputStream file = sdk.getResourceAsStream("/META-INF/maven/dev.holdfast/serving-sdk/pom.properties")) {
            if (file == null) {
                return Optional.empty();
            }
            Properties properties = new Properties();
            properties.load(file);
            return Optional.ofNullable(properties.getProperty("version"));
        } catch (IOException e) {
            throw new IllegalStateException("The jar of the SDK cannot be read: " + e, e);
        }
    }
}
