package dev.holdfast.host.config;

import java.util.Set;

/** The configuration keys of TorchServe 0.12 that this host knows and does not act on. */
final class Torchserve {

    /** Facts of the machine, or of the process, that a TorchServe snapshot pins and that must not be taken over. */
    private static final Set<String> MACHINE_FACTS = Set.of(
            "version",
            "tsConfigFile",
            "number_of_gpu",
            "model_server_home",
            "number_of_netty_threads",
            "netty_client_threads",
            "initial_worker_port",
            "initial_distribution_port",
            "vmargs");

    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "prefer_direct_buffer",
            "system_metrics_cmd",
            "async_logging",
            "debug",
            "cpp_log_config",
            "ipex_enable",
            "ipex_gpu_enable",
            "cpu_launcher_enable",
            "cpu_launcher_args",
            "ts_header_key_sequence_id",
            "ts_header_key_sequence_start",
            "ts_header_key_sequence_end",
            "use_native_io",
            "io_ratio");

    private Torchserve() {}

    static boolean isMachineFact(String key) {
        return MACHINE_FACTS.contains(key);
    }

    static boolean isWithoutEffect(String key) {
        return MACHINE_FACTS.contains(key) || WITHOUT_EFFECT.contains(key);
    }
}
