package dev.holdfast.host.runtime.python;

import dev.holdfast.host.runtime.process.WorkerLaunch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * How the workers of a model with a Python handler are started.
 *
 * @param packages what they need; empty where they need nothing, or have it
 */
record PythonLaunch(WorkerPlan plan, Optional<RequiredPackages> packages) implements WorkerLaunch {

    @Override
    public String program() {
        return "Python as " + plan.python().executable();
    }

    @Override
    public CompletableFuture<Void> ready() {
        return packages.map(required -> required.installed().<Void>thenApply(installed -> null))
                .orElseGet(() -> CompletableFuture.completedFuture(null));
    }

    @Override
    public ProcessBuilder command(Path home, Path socket) throws IOException {
        return new WorkerCommand(
                        plan,
                        home,
                        socket,
                        packages.map(required -> required.installed().join()))
                .builder();
    }

    @Override
    public LoadOrder order() {
        return new LoadOrder(
                plan.root().toString(),
                plan.handler(),
                plan.envelope(),
                plan.settings().limitImagePixels());
    }

    @Override
    public String cannotLoad() {
        return "The handler cannot be loaded: ";
    }

    @Override
    public int maxResponseSize() {
        return plan.settings().maxResponseSize();
    }

    @Override
    public boolean takes(String model, String line) {
        return plan.settings().metrics().taker().test(model, line);
    }

    @Override
    public Map<String, String> facts() {
        return plan.facts();
    }
}
