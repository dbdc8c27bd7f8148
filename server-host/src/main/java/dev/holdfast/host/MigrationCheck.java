package dev.holdfast.host;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ConfigFile;
import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.runtime.BuiltInRuntime;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelRuntime;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.runtime.classifier.OnlineClassifierRuntime;
import dev.holdfast.host.runtime.forest.RandomCutForestRuntime;
import dev.holdfast.host.runtime.onnx.OnnxRuntime;
import dev.holdfast.host.runtime.onnx.OnnxSessionRuntime;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.python.OnnxOfBaseHandler;
import dev.holdfast.host.runtime.python.PythonRuntime;
import dev.holdfast.host.runtime.python.WorkerMetrics;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What becomes of a TorchServe user's archives, configuration and snapshots here, found out without a host: archives are
 * opened and their runtime is chosen as a host does it; no model is loaded, and no handler runs.
 */
public final class MigrationCheck {

    private static final int DEEPEST = 6;
    private static final int MOST_ENTRIES = 20_000;

    /** What one file is. */
    public enum Kind {
        ARCHIVE,
        CONFIGURATION,
        SNAPSHOT
    }

    /** What becomes of one file. */
    public enum Verdict {
        RUNS,
        /** It runs, and something is another than with TorchServe. */
        DIFFERS,
        FAILS
    }

    /**
     * One file.
     *
     * @param file its path below the directory
     * @param what it is, and what runs it, in words
     * @param notes why it fails, what differs, and why
     */
    public record Item(Kind kind, String file, Verdict verdict, String what, List<String> notes) {

        public Item {
            notes = List.copyOf(notes);
        }
    }

    /**
     * All of it.
     *
     * @param python which Python handlers would run in, or why there is none
     * @param passedOver what was not looked at, and why
     */
    public record Report(String python, List<Item> items, List<String> passedOver) {

        public Report {
            items = List.copyOf(items);
            passedOver = List.copyOf(passedOver);
        }

        /** Whether nothing fails, and there was something. */
        public boolean isGood() {
            return !items.isEmpty() && items.stream().noneMatch(item -> item.verdict() == Verdict.FAILS);
        }
    }

    private final Path root;
    private final Map<String, String> environment;
    private final Map<String, String> set;
    private final Path temporary;
    private final List<Path> archives = new ArrayList<>();
    private final List<Path> configurations = new ArrayList<>();
    private final List<String> passedOver = new ArrayList<>();
    private final Map<Path, List<Path>> snapshots = new TreeMap<>();
    private int entries;

    private MigrationCheck(Path root, Map<String, String> environment, Map<String, String> set, Path temporary) {
        this.root = root;
        this.environment = environment;
        this.set = set;
        this.temporary = temporary;
    }

    /**
     * Looks at a directory, and those below it.
     *
     * @param set configuration keys that count more than those of the files
     * @param temporary an empty directory, to unpack into
     * @throws IOException if the directory cannot be read
     */
    public static Report of(Path directory, Map<String, String> environment, Map<String, String> set, Path temporary)
            throws IOException {
        return new MigrationCheck(directory.toRealPath(), environment, set, temporary).report();
    }

    private Report report() throws IOException {
        find(root, 0);
        List<Item> items = new ArrayList<>();
        Optional<HostConfig> chosen = Optional.empty();
        for (Path file : configurations) {
            Optional<HostConfig> read = configuration(file, items);
            chosen = chosen.or(() -> read);
        }
        HostConfig config = chosen.orElseGet(
                () -> ConfigLayers.of(environment).commandLine(set).toConfig());
        snapshots.values().forEach(files -> snapshot(files, items));
        String words;
        try (WorkerDirectory workers = new WorkerDirectory(temporary, temporary)) {
            PythonRuntime python = ConfiguredPython.runtime(config, WorkerMetrics.NONE, workers, temporary);
            words = words(python);
            OnnxRuntime onnx = new OnnxRuntime(1);
            Runtimes runtimes = new Runtimes(List.of(
                    onnx,
                    new OnnxSessionRuntime(onnx, System::nanoTime),
                    new RandomCutForestRuntime(),
                    new OnlineClassifierRuntime(),
                    new BuiltInRuntime(),
                    python,
                    new OnnxOfBaseHandler(onnx)));
            for (Path archive : archives) {
                items.add(archive(archive, runtimes, python, words, config));
            }
        }
        items.sort(Comparator.comparing(Item::kind).thenComparing(Item::file));
        return new Report(words, items, passedOver);
    }

    private static String words(PythonRuntime python) {
        try {
            return "Python " + python.pythonInWords();
        } catch (ModelLoadException e) {
            return OneLine.of(e);
        }
    }

    private void find(Path directory, int depth) throws IOException {
        List<Path> here;
        try (Stream<Path> list = Files.list(directory)) {
            here = list.sorted().toList();
        }
        for (Path path : here) {
            String name = String.valueOf(path.getFileName());
            if (++entries > MOST_ENTRIES) {
                passedOver.add("what comes after the first " + MOST_ENTRIES + " files and directories");
                return;
            }
            if (name.startsWith(".")) {
                continue;
            }
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                file(path, name.toLowerCase(Locale.ROOT));
            } else if (Files.isRegularFile(path.resolve("MAR-INF/MANIFEST.json"))
                    || Files.isRegularFile(path.resolve("manifest.json"))) {
                archives.add(path);
            } else if (depth < DEEPEST) {
                find(path, depth + 1);
            } else {
                passedOver.add(shown(path) + ": it lies deeper than " + DEEPEST + " directories");
            }
        }
    }

    private void file(Path path, String name) {
        if (Stream.of(".mar", ".tar.gz", ".tgz", ".onnx").anyMatch(name::endsWith)) {
            archives.add(path);
        } else if (name.endsWith(".cfg")) {
            snapshots
                    .computeIfAbsent(path.getParent(), ignored -> new ArrayList<>())
                    .add(path);
        } else if (name.endsWith(".properties") && !name.startsWith("log4j")) {
            configurations.add(path);
        } else if (name.endsWith(".war")) {
            passedOver.add(shown(path) + ": workflows are not looked at");
        }
    }

    private String shown(Path path) {
        return OneLine.of(root.relativize(path).toString());
    }

    private Optional<HostConfig> configuration(Path file, List<Item> items) {
        List<String> faults = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Optional<HostConfig> config = Optional.empty();
        try {
            String text = ConfigFile.read("Configuration file", file);
            Map<String, String> properties = ConfigFile.parse("Configuration file", text);
            HostConfig read = ConfigLayers.of(environment)
                    .givenFile(properties)
                    .commandLine(set)
                    .toConfig();
            config = Optional.of(read);
            noteKeys(read, notes);
            for (String entry : read.models().loadModels()) {
                String name = entry.substring(entry.lastIndexOf('=') + 1);
                name = name.substring(name.lastIndexOf('/') + 1);
                if (!name.equalsIgnoreCase("all") && !name.equals("standalone") && !isThere(name)) {
                    faults.add("load_models names " + OneLine.name(entry) + ", and no archive " + OneLine.name(name)
                            + " was found");
                }
            }
            if (!read.models().settings().isEmpty()) {
                SnapshotText.parseModels(read.models().settings());
            }
            if (SnapshotText.isSnapshot(properties)) {
                models(file, text, faults);
            }
        } catch (ConfigException | SnapshotUnreadableException e) {
            faults.add(OneLine.of(e));
        }
        items.add(item(Kind.CONFIGURATION, shown(file), "configuration", faults, notes));
        return config;
    }

    private static void noteKeys(HostConfig config, List<String> notes) {
        Set<String> without = new TreeSet<>(config.keysWithoutEffect());
        if (!without.isEmpty()) {
            notes.add("keys without effect here: " + String.join(", ", without));
        }
        if (!config.unknownKeys().isEmpty()) {
            notes.add("keys that neither TorchServe nor Holdfast has: " + String.join(", ", config.unknownKeys()));
        }
        config.models().modelStore().ifPresent(store -> noteOwner(store, notes));
        if (config.models().allowedUrls().isEmpty()) {
            notes.add("no allowed_urls: archives come from the model store alone, where TorchServe takes any URL");
        }
    }

    private static void noteOwner(Path modelStore, List<String> notes) {
        try {
            OwnFiles.requireOwn(modelStore, "name another directory with --model-store");
        } catch (IOException e) {
            notes.add("a start would refuse the model store: " + OneLine.of(e));
        }
    }

    /** Of a directory's snapshots the last one counts, which a start restores. */
    private void snapshot(List<Path> files, List<Item> items) {
        Path last = files.get(files.size() - 1);
        List<String> faults = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        String what = "snapshot";
        try {
            String text = ConfigFile.read("Snapshot", last);
            what = "snapshot of " + models(last, text, faults) + " model versions"
                    + (files.size() == 1 ? "" : ", the last of " + files.size());
            HostConfig config = ConfigLayers.of(environment)
                    .snapshot(ConfigFile.parse("Snapshot", text))
                    .commandLine(set)
                    .toConfig();
            noteKeys(config, notes);
        } catch (ConfigException | SnapshotUnreadableException e) {
            faults.add(OneLine.of(e));
        }
        items.add(item(Kind.SNAPSHOT, shown(last), what, faults, notes));
    }

    /** How many model versions a snapshot has; those whose archives are not there are faults. */
    private int models(Path file, String text, List<String> faults) {
        var state = SnapshotText.parse(String.valueOf(file.getFileName()), text).state();
        state.models()
                .forEach((model, served) -> served.versions().forEach((version, wanted) -> {
                    if (!isThere(wanted.archive())) {
                        faults.add("model " + model + " version " + version + " needs the archive " + wanted.archive()
                                + ", which was not found");
                    }
                }));
        return state.versionCount();
    }

    private boolean isThere(String archive) {
        return archives.stream()
                .anyMatch(path -> String.valueOf(path.getFileName()).equals(archive));
    }

    private static Item item(Kind kind, String file, String what, List<String> faults, List<String> notes) {
        Verdict verdict = !faults.isEmpty() ? Verdict.FAILS : notes.isEmpty() ? Verdict.RUNS : Verdict.DIFFERS;
        return new Item(
                kind,
                file,
                verdict,
                what,
                Stream.concat(faults.stream(), notes.stream()).toList());
    }

    private Item archive(Path path, Runtimes runtimes, PythonRuntime python, String words, HostConfig config) {
        Path store = path.getParent();
        List<String> faults = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        String what = "archive";
        try (DirectoryModelStore models = new DirectoryModelStore(
                        store == null ? root : store,
                        temporary.resolve("work"),
                        UrlPolicy.storeOnly(),
                        ArchiveLimits.defaults());
                Archive archive = models.open(String.valueOf(path.getFileName()))) {
            what = "model " + archive.manifest().modelName() + " "
                    + archive.manifest().modelVersion();
            Optional<ModelRuntime> runtime = runtimes.of(archive);
            if (runtime.isEmpty() || runtime.get() == python) {
                // Looks at what can be seen from outside; nothing of it is started.
                runtimes.load(archive).close();
                what += ", handler "
                        + archive.manifest()
                                .handler()
                                .or(config.python()::defaultServiceHandler)
                                .orElse("") + ", in " + words;
                noteHandler(archive, python, config, faults, notes);
            } else {
                what += ", by the runtime " + runtime.get().name();
                if (runtime.get() instanceof OnnxOfBaseHandler) {
                    notes.add("its ONNX model runs without base_handler, which no Python here has: callers send and get"
                            + " tensors");
                }
            }
        } catch (ArchiveException | ModelLoadException e) {
            faults.add(OneLine.of(e));
        }
        return item(Kind.ARCHIVE, shown(path), what, faults, notes);
    }

    private static void noteHandler(
            Archive archive, PythonRuntime python, HostConfig config, List<String> faults, List<String> notes) {
        Optional<String> requirements = archive.manifest().requirementsFile();
        List<String> lacking = python.lackingImports(archive);
        if (!lacking.isEmpty()) {
            String what =
                    "its files import " + lacking.stream().map(OneLine::name).collect(Collectors.joining(", "))
                            + ", which that Python lacks";
            if (requirements.isPresent()) {
                notes.add(what + "; if " + OneLine.name(requirements.get())
                        + " names them, install_py_dep_per_model=true installs them");
            } else {
                faults.add(what + ": install them, or name another Python with python=/path");
            }
        }
        if (requirements.isPresent() && !config.python().installPyDepPerModel()) {
            notes.add("what its " + OneLine.name(requirements.get())
                    + " names is not installed: install_py_dep_per_model is false");
        }
        if (archive.manifest().config().wantsGpu()) {
            notes.add("it asks for a GPU: its handler gets none, and runs on the processor");
        }
    }
}
