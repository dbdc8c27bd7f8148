package dev.holdfast.host.workflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.HandlerRequest.Parameter;
import dev.holdfast.host.runtime.Header;
import dev.holdfast.host.runtime.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through a workflow.
 *
 * <pre>
 *   request ─▶ pre ─┬▶ a ─┬▶ join ─▶ answer
 *                   └▶ b ─┘
 * </pre>
 *
 * <p>A node is asked as soon as all before it have answered, on the thread that completed the last of them. What one node gave is
 * the {@code body} of the next; what several gave are parameters with their names. The first that fails, and goes on to fail where it
 * is asked again, ends the run.
 */
public final class WorkflowRun {

    private static final int GOOD = 400;
    private static final int BROKEN = 500;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String workflow;
    private final WorkflowSpec spec;
    private final HandlerRequest request;
    private final BiFunction<String, HandlerRequest, CompletableFuture<HandlerAnswer>> ask;
    private final CompletableFuture<HandlerAnswer> answer = new CompletableFuture<>();

    // Guarded by this.
    private final Map<String, HandlerAnswer> answers = new HashMap<>();
    private final Set<String> asked = new HashSet<>();
    private final List<CompletableFuture<HandlerAnswer>> running = new ArrayList<>();

    private WorkflowRun(
            String workflow,
            WorkflowSpec spec,
            HandlerRequest request,
            BiFunction<String, HandlerRequest, CompletableFuture<HandlerAnswer>> ask) {
        this.workflow = workflow;
        this.spec = spec;
        this.request = request;
        this.ask = ask;
    }

    /**
     * Begins one.
     *
     * @param ask asks a node by its name; never waits
     * @return the answer of the last node, or where there are several a JSON object with what each gave; of a node that failed
     *     its answer. Cancelling it cancels what runs
     */
    public static CompletableFuture<HandlerAnswer> begin(
            String workflow,
            WorkflowSpec spec,
            HandlerRequest request,
            BiFunction<String, HandlerRequest, CompletableFuture<HandlerAnswer>> ask) {
        WorkflowRun run = new WorkflowRun(workflow, spec, request, ask);
        run.answer.whenComplete((done, failure) -> run.cancelRest());
        run.goOn();
        return run.answer;
    }

    private void goOn() {
        Map<WorkflowNode, HandlerRequest> ready = new LinkedHashMap<>();
        synchronized (this) {
            if (answer.isDone()) {
                return;
            }
            for (WorkflowNode node : spec.nodes().values()) {
                String name = node.name();
                if (!asked.contains(name) && answers.keySet().containsAll(before(name))) {
                    asked.add(name);
                    ready.put(node, request(name));
                }
            }
        }
        ready.forEach((node, given) -> ask(node.name(), given, node.retries()));
    }

    private List<String> before(String node) {
        return spec.before().getOrDefault(node, List.of());
    }

    private HandlerRequest request(String node) {
        List<String> before = before(node);
        if (before.isEmpty()) {
            return request;
        }
        List<Parameter> parameters = new ArrayList<>();
        for (String name : before) {
            HandlerAnswer given = answers.get(name);
            if (given != null) {
                parameters.add(Parameter.of(before.size() == 1 ? "body" : name, "", given.bytes()));
            }
        }
        List<Header> headers = request.headers().stream()
                .filter(header -> !header.name().equalsIgnoreCase("Content-Type")
                        && !header.name().equalsIgnoreCase("Content-Length"))
                .toList();
        return new HandlerRequest(request.id(), headers, parameters);
    }

    /** @param retries how many times more it may be asked; what the handler itself says of an error is an answer */
    private void ask(String node, HandlerRequest given, int retries) {
        if (answer.isDone()) {
            return;
        }
        CompletableFuture<HandlerAnswer> asking;
        try {
            asking = ask.apply(node, given);
        } catch (RuntimeException e) {
            failed(node, e);
            return;
        }
        synchronized (this) {
            running.add(asking);
        }
        asking.whenComplete((done, failure) -> {
            if (failure != null) {
                failed(node, failure);
            } else if (retries > 0 && done.failed() && done.status() >= BROKEN) {
                ask(node, given, retries - 1);
            } else {
                answered(node, done);
            }
        });
        if (answer.isDone()) {
            asking.cancel(false);
        }
    }

    /** What the caller sent is the caller's to mend; what another node gave is not. */
    private void failed(String node, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (!(cause instanceof InvalidInputException)) {
            answer.completeExceptionally(failure);
        } else if (before(node).isEmpty()) {
            answer.completeExceptionally(new InvalidInputException(said(node, cause.getMessage()), cause));
        } else {
            answered(node, HandlerAnswer.failure(BROKEN, String.valueOf(cause.getMessage())));
        }
    }

    private String said(String node, @Nullable String message) {
        return "Workflow \"" + workflow + "\" failed at its node '" + node + "': " + message;
    }

    private void answered(String node, HandlerAnswer done) {
        if (done.failed() || done.status() >= GOOD) {
            answer.complete(done.failed() ? HandlerAnswer.failure(done.status(), said(node, done.message())) : done);
            return;
        }
        boolean whole;
        synchronized (this) {
            answers.put(node, done);
            whole = answers.size() == spec.nodes().size();
        }
        if (whole) {
            answer.complete(last());
        } else {
            goOn();
        }
    }

    private synchronized HandlerAnswer last() {
        List<String> last = spec.last();
        Map<String, String> all = new LinkedHashMap<>();
        for (String node : last) {
            HandlerAnswer given = answers.get(node);
            if (given != null && last.size() == 1) {
                return given;
            }
            all.put(node, given == null ? "" : new String(given.bytes(), StandardCharsets.UTF_8));
        }
        try {
            return HandlerAnswer.of(200, "application/json", List.of(), JSON.writeValueAsBytes(all));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private void cancelRest() {
        List<CompletableFuture<HandlerAnswer>> rest;
        synchronized (this) {
            rest = List.copyOf(running);
        }
        rest.forEach(asking -> asking.cancel(false));
    }
}
