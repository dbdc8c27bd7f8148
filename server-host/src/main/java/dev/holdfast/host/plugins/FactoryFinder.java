package dev.holdfast.host.plugins;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.common.OwnSerializers;
import dev.holdfast.host.plugins.torchserve.TorchServeFactory;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Constructs the factories that the service files of a drop-in name.
 *
 * <p>This is the first code of a plugin that runs. It runs on a thread of its own: an initialiser that hangs costs the host no
 * more than the time limit and that thread, and thread-locals that it sets go with the thread.
 */
final class FactoryFinder {

    /** A factory that could not be constructed, for the log. */
    record Problem(String reason, Throwable failure) {}

    /** What one drop-in gave. */
    record Findings(List<FoundFactory> factories, List<Problem> problems) {}

    /** A bound on the loop below, which goes on after errors; no plugin comes near it. */
    private static final int MOST_PROVIDERS = 100;

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

    private static final String OUR_PACKAGES = "dev.holdfast.plugin.";

    /** What becomes of one provider. */
    private interface Taking<S> {
        FoundFactory take(ServiceLoader.Provider<S> provider) throws RejectedException;
    }

    private final DropIn dropIn;
    private final PluginForm form;
    private final ClassLoader loader;
    private final FailureReason reason;
    private final CallWatch watch;
    private volatile boolean givenUp;

    FactoryFinder(OpenedDropIn opened, ClassLoader loader, int javaFeature) {
        this(opened, loader, javaFeature, CallWatch.NONE);
    }

    FactoryFinder(OpenedDropIn opened, ClassLoader loader, int javaFeature, CallWatch watch) {
        this.watch = watch;
        this.dropIn = opened.dropIn();
        this.form = opened.form();
        this.loader = loader;
        this.reason = new FailureReason(opened, javaFeature);
    }

    /**
     * The factories, and the reasons why others could not be constructed.
     *
     * @throws RejectedException if it has not ended within {@code limit}
     */
    Findings find(Duration limit) throws RejectedException {
        FutureTask<Findings> task = new FutureTask<>(this::findHere);
        PluginContext context = new PluginContext(dropIn.name(), loader, Optional.of(dropIn.path()));
        DaemonThreads.createBare("plugin-init-" + dropIn.name(), () -> context.run(Map.of(), task))
                .start();
        try {
            return task.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            giveUp(task);
            throw new RejectedException("its initialisation has not ended within " + limit.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            giveUp(task);
            Thread.currentThread().interrupt();
            throw new RejectedException("the server was interrupted while it loaded the plugin", e);
        } catch (ExecutionException e) {
            throw new RejectedException(reason.of(e.getCause() == null ? e : e.getCause()), e);
        }
    }

    /** An interrupt ends the code of one provider at most; the flag keeps the next one from starting. */
    private void giveUp(FutureTask<Findings> task) {
        givenUp = true;
        task.cancel(true);
    }

    private Findings findHere() {
        return switch (form) {
            case HOLDFAST -> each(SnapshotSerializerFactory.class, provider -> found(construct(provider)));
            case TORCHSERVE ->
                theFirst(each(org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer.class, this::foundOfTorchServe));
        };
    }

    private SnapshotSerializerFactory construct(ServiceLoader.Provider<SnapshotSerializerFactory> provider) {
        return watch.around(
                "the constructor of " + provider.type().getName() + " of plugin "
                        + OneLine.of(DropIn.fileName(dropIn.path())),
                provider);
    }

    private <S> Findings each(Class<S> service, Taking<S> taking) {
        List<FoundFactory> factories = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        Iterator<ServiceLoader.Provider<S>> providers =
                ServiceLoader.load(service, loader).stream().iterator();
        for (int seen = 0; seen < MOST_PROVIDERS && !givenUp; seen++) {
            // Whatever a provider does, the iterator has passed it and goes on to the next one.
            try {
                if (!providers.hasNext()) {
                    break;
                }
                ServiceLoader.Provider<S> provider = providers.next();
                if (loader.equals(provider.type().getClassLoader())) {
                    factories.add(taking.take(provider));
                }
            } catch (RejectedException e) {
                problems.add(new Problem(e.reason(), e));
            } catch (Throwable e) {
                problems.add(new Problem(reason.of(e), e));
            }
        }
        return new Findings(factories, problems);
    }

    /** Like TorchServe, which looks at no other. */
    private static Findings theFirst(Findings all) {
        if (all.factories().size() < 2) {
            return all;
        }
        List<Problem> problems = new ArrayList<>(all.problems());
        for (FoundFactory other : all.factories().subList(1, all.factories().size())) {
            String reason = "of a plugin for TorchServe the first serializer is used, so not " + other.factory();
            problems.add(new Problem(reason, new RejectedException(reason)));
        }
        return new Findings(all.factories().subList(0, 1), problems);
    }

    /** Not constructed yet, because its constructor does what a serializer of ours does when it is opened. */
    private FoundFactory foundOfTorchServe(
            ServiceLoader.Provider<org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer> provider) {
        SnapshotSerializerFactory factory = new TorchServeFactory(
                dropIn.name(), DropIn.fileName(dropIn.path()), provider, reason::of, PluginCall::isGivenUp);
        return new FoundFactory(factory.name(), factory, loader);
    }

    private FoundFactory found(SnapshotSerializerFactory factory) throws RejectedException {
        String name = factory.name();
        // A plugin may give null against its promise.
        if (!NAME.matcher(String.valueOf(name)).matches() || name == null) {
            throw new RejectedException("the serializer name '" + name + "' of class "
                    + factory.getClass().getName() + " must match " + NAME);
        }
        requireOwn(name, factory.getClass().getName());
        return new FoundFactory(name, factory, loader);
    }

    /**
     * A drop-in may replace the built-in serializer on purpose. The names of our other serializers are refused, because users
     * would take the drop-in for ours.
     */
    private static void requireOwn(String name, String type) throws RejectedException {
        if (OwnSerializers.NAMES.contains(name)
                && !name.equals(OwnSerializers.BUILT_IN)
                && !type.startsWith(OUR_PACKAGES)) {
            throw new RejectedException("the serializer name '" + name + "' of class " + type
                    + " is reserved for Holdfast's own plugin; its author must give it another one, such as 'acme-"
                    + name + "'");
        }
    }
}
