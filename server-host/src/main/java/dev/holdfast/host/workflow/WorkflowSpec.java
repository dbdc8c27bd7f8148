package dev.holdfast.host.workflow;

import dev.holdfast.host.archive.YamlException;
import dev.holdfast.host.archive.YamlText;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The plan of a workflow, as TorchServe's specification file says it: its section {@code models} names models and their
 * settings, its section {@code dag} says which node gives what it answers to which others. What is in {@code dag} and no model
 * is a function of the workflow's handler file.
 *
 * @param nodes by their names, in an order in which each comes after all that it gets something of
 * @param before of each node, those whose answers it gets; none for those that get the request
 */
public record WorkflowSpec(Map<String, WorkflowNode> nodes, Map<String, List<String>> before) {

    private static final int MOST_NODES = 100;
    private static final int MOST_RETRIES = 10;
    private static final Pattern FUNCTION = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
    private static final Pattern NODE = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Set<String> SETTINGS =
            Set.of("min-workers", "max-workers", "batch-size", "max-batch-delay", "retry-attempts", "timeout-ms");

    /** The nodes whose answers nobody gets but the caller. */
    public List<String> last() {
        return nodes.keySet().stream()
                .filter(name -> before.values().stream().noneMatch(some -> some.contains(name)))
                .toList();
    }

    /**
     * Reads a specification.
     *
     * @param archive the workflow's archive, for its functions
     * @param handler the file with the functions; empty where the archive has none
     * @throws IllegalArgumentException if it is none, names what is not there, or goes in a circle; the message says which
     *     key, and the rule
     */
    public static WorkflowSpec read(String text, String archive, Optional<String> handler) {
        Object read;
        try {
            read = YamlText.read(text);
        } catch (YamlException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        if (!(read instanceof Map<?, ?> all)) {
            throw new IllegalArgumentException("it must hold the sections models and dag");
        }
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        Map<String, Map<String, @Nullable Object>> models = new LinkedHashMap<>();
        map("models", all.get("models")).forEach((key, value) -> {
            if (value instanceof Map<?, ?>) {
                models.put(key, map("models." + key, value));
            } else if (SETTINGS.contains(key)) {
                settings.put(key, value);
            } else {
                throw new IllegalArgumentException(
                        "models." + OneLine.name(key) + " is neither a model with a url nor one of "
                                + SETTINGS.stream().sorted().toList());
            }
        });
        Map<String, List<String>> after = after(map("dag", all.get("dag")));
        Map<String, WorkflowNode> nodes = new LinkedHashMap<>();
        Map<String, List<String>> before = before(after);
        for (String name : inOrder(before, after)) {
            nodes.put(name, node(name, settings, models.get(name), archive, handler));
        }
        for (String name : models.keySet()) {
            if (!nodes.containsKey(name)) {
                throw new IllegalArgumentException("the model '" + OneLine.name(name) + "' is not in dag");
            }
        }
        return new WorkflowSpec(nodes, before);
    }

    private static Map<String, List<String>> after(Map<String, @Nullable Object> dag) {
        Map<String, List<String>> after = new LinkedHashMap<>();
        dag.forEach((key, value) -> {
            List<String> names = new ArrayList<>();
            if (!(value instanceof List<?> list)) {
                throw new IllegalArgumentException("dag." + OneLine.name(key) + " must be a list of nodes");
            }
            list.forEach(each -> names.add(String.valueOf(each)));
            after.put(key, names);
        });
        if (after.isEmpty()) {
            throw new IllegalArgumentException("its section dag must have a node");
        }
        return after;
    }

    private static Map<String, List<String>> before(Map<String, List<String>> after) {
        Map<String, List<String>> before = new LinkedHashMap<>();
        after.forEach((from, to) -> {
            before.computeIfAbsent(from, name -> new ArrayList<>());
            for (String name : to) {
                List<String> some = before.computeIfAbsent(name, any -> new ArrayList<>());
                if (some.contains(from)) {
                    throw new IllegalArgumentException("dag." + OneLine.name(from) + " names a node twice");
                }
                some.add(from);
            }
        });
        if (before.size() > MOST_NODES) {
            throw new IllegalArgumentException("its dag has " + before.size() + " nodes, more than " + MOST_NODES);
        }
        for (String name : before.keySet()) {
            if (!NODE.matcher(name).matches() || !ModelNames.isAllowed(name) || name.equals(Workflows.PLAN)) {
                throw new IllegalArgumentException("the node '" + OneLine.name(name) + "' must match " + NODE
                        + " and be none of ., .., all, " + Workflows.PLAN);
            }
        }
        return before;
    }

    private static List<String> inOrder(Map<String, List<String>> before, Map<String, List<String>> after) {
        Map<String, Integer> open = new LinkedHashMap<>();
        before.forEach((name, some) -> open.put(name, some.size()));
        Deque<String> ready = new ArrayDeque<>();
        open.forEach((name, count) -> {
            if (count == 0) {
                ready.add(name);
            }
        });
        Set<String> order = new LinkedHashSet<>();
        while (!ready.isEmpty()) {
            String name = ready.remove();
            order.add(name);
            for (String next : after.getOrDefault(name, List.of())) {
                if (open.merge(next, -1, Integer::sum) == 0) {
                    ready.add(next);
                }
            }
        }
        if (order.size() < before.size()) {
            Set<String> circle = new LinkedHashSet<>(before.keySet());
            circle.removeAll(order);
            throw new IllegalArgumentException("its dag goes in a circle, with the nodes " + circle);
        }
        return List.copyOf(order);
    }

    private static WorkflowNode node(
            String name,
            Map<String, @Nullable Object> all,
            @Nullable Map<String, @Nullable Object> own,
            String archive,
            Optional<String> handler) {
        if (own == null) {
            if (handler.isEmpty() || !FUNCTION.matcher(name).matches()) {
                throw new IllegalArgumentException("the node '" + name + "' is no model, and no function: "
                        + (handler.isEmpty() ? "the archive has no handler" : "its name must match " + FUNCTION));
            }
            return new WorkflowNode(
                    name,
                    archive,
                    Optional.of(handler.get() + ":" + name),
                    OptionalInt.of(1),
                    OptionalInt.empty(),
                    Optional.empty(),
                    timeout("models", all),
                    retries("models", all));
        }
        Map<String, @Nullable Object> settings = new LinkedHashMap<>(all);
        settings.putAll(own);
        if (!(settings.remove("url") instanceof String url) || url.isBlank()) {
            throw new IllegalArgumentException("models." + name + ".url must name an archive");
        }
        for (String key : settings.keySet()) {
            if (!SETTINGS.contains(key)) {
                throw new IllegalArgumentException("models." + name + "." + OneLine.name(key) + " is none of url and "
                        + SETTINGS.stream().sorted().toList());
            }
        }
        String where = "models." + name;
        OptionalInt delay = number(where, settings, "max-batch-delay", 0, 3_600_000);
        int workers = number(where, settings, "min-workers", 1, 1_024).orElse(1);
        int most = number(where, settings, "max-workers", 1, 1_024).orElse(workers);
        if (most < workers) {
            throw new IllegalArgumentException(
                    where + ".max-workers " + most + " must not be below min-workers, " + workers);
        }
        return new WorkflowNode(
                name,
                url,
                Optional.empty(),
                OptionalInt.of(workers),
                number(where, settings, "batch-size", 1, 65_536),
                delay.isPresent() ? Optional.of(Duration.ofMillis(delay.getAsInt())) : Optional.empty(),
                timeout(where, settings),
                retries(where, settings));
    }

    private static int retries(String where, Map<String, @Nullable Object> settings) {
        return number(where, settings, "retry-attempts", 0, MOST_RETRIES).orElse(0);
    }

    /** Whole seconds, as the response_timeout of a model has them. */
    private static Optional<Duration> timeout(String where, Map<String, @Nullable Object> settings) {
        OptionalInt millis = number(where, settings, "timeout-ms", 1, 604_800_000);
        return millis.isPresent()
                ? Optional.of(Duration.ofSeconds((millis.getAsInt() + 999) / 1_000))
                : Optional.empty();
    }

    private static OptionalInt number(
            String where, Map<String, @Nullable Object> settings, String key, int least, int most) {
        Object value = settings.get(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value instanceof Integer number && number >= least && number <= most) {
            return OptionalInt.of(number);
        }
        throw new IllegalArgumentException(where + "." + key + " '" + OneLine.of(value)
                + "' must be a whole number from " + least + " to " + most);
    }

    private static Map<String, @Nullable Object> map(String where, @Nullable Object value) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> given) {
            given.forEach((key, item) -> map.put(String.valueOf(key), item));
        } else if (value != null) {
            throw new IllegalArgumentException(OneLine.name(where) + " must hold keys with values");
        }
        return map;
    }
}
