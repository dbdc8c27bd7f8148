package dev.holdfast.host.config;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Properties as files hold them: UTF-8, with the escapes of {@link Properties#load(Reader)}. */
public final class ConfigFile {

    private static final long MOST_BYTES = 64L << 20;

    private ConfigFile() {}

    /**
     * The text of a file.
     *
     * @param what what the file is to the operator, such as {@code --ts-config file}
     * @throws ConfigException if it is not there, cannot be read, or is not UTF-8
     */
    public static String read(String what, Path file) {
        try {
            if (Files.isDirectory(file)) {
                throw new ConfigException(what + " " + file + " is a directory; give a file");
            }
            if (Files.size(file) > MOST_BYTES) {
                throw new ConfigException(what + " " + file + " is larger than " + (MOST_BYTES >> 20) + " MB");
            }
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new ConfigException(what + " not found: " + file, e);
        } catch (CharacterCodingException e) {
            throw new ConfigException(what + " " + file + " is not a text in UTF-8", e);
        } catch (IOException e) {
            throw new ConfigException(what + " " + file + " cannot be read: " + e, e);
        }
    }

    /**
     * The properties of a text.
     *
     * @throws ConfigException if it has a broken Unicode escape
     */
    public static Map<String, String> parse(String what, String text) {
        Properties properties = new Properties();
        // Some editors begin a file in UTF-8 with this mark, which would become a part of the first key.
        try (Reader reader = new StringReader(text.startsWith("\uFEFF") ? text.substring(1) : text)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigException(what + " is no properties text: " + e.getMessage(), e);
        }
        Map<String, String> map = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> map.put(name, properties.getProperty(name)));
        return Collections.unmodifiableMap(map);
    }
}
