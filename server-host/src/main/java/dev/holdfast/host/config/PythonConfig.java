package dev.holdfast.host.config;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** How handlers in Python are run. Immutable. */
public final class PythonConfig {

    private final ConfigValues values;

    PythonConfig(ConfigValues values) {
        this.values = values;
    }

    /** The Python that runs handlers, a name or a path; empty for the first that is fit. */
    public Optional<String> interpreter() {
        return values.text(ConfigKey.PYTHON);
    }

    public boolean pythonHandlers() {
        return values.bool(ConfigKey.PYTHON_HANDLERS);
    }

    /** The Python handler of archives that name none. */
    public Optional<String> defaultServiceHandler() {
        return values.text(ConfigKey.DEFAULT_SERVICE_HANDLER);
    }

    /** Of Python handlers whose archives name none; empty for none. */
    public String serviceEnvelope() {
        return values.get(ConfigKey.SERVICE_ENVELOPE);
    }

    /** Whether the packages that an archive's requirementsFile names are installed for its workers. */
    public boolean installPyDepPerModel() {
        return values.bool(ConfigKey.INSTALL_PY_DEP_PER_MODEL);
    }

    public boolean decodeInputRequest() {
        return values.bool(ConfigKey.DECODE_INPUT_REQUEST);
    }

    public boolean limitMaxImagePixels() {
        return values.bool(ConfigKey.LIMIT_MAX_IMAGE_PIXELS);
    }

    /**
     * What workers of Python handlers find in their environment: that of this host, without what {@code blacklist_env_vars}
     * names, this host's own variables, and those that stand in the place of a secret in its configuration.
     */
    public Map<String, String> workerEnvironment() {
        Map<String, String> handed = new TreeMap<>(values.environment());
        handed.keySet().removeIf(name -> name.startsWith("HOLDFAST_") || name.startsWith("TS_"));
        handed.keySet().removeAll(values.secretVariables());
        Pattern kept = Pattern.compile(values.get(ConfigKey.BLACKLIST_ENV_VARS));
        handed.keySet().removeIf(name -> kept.matcher(name).matches());
        return handed;
    }
}
