package dev.sampo.node.doctor;

import dev.sampo.model.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Java, processor, native libraries, and the environment that pins the arithmetic. */
final class MachineChecks implements Doctor.Check {
    private static final int JAVA_LEAST = 17;

    @Override
    public void look(Consumer<Finding> findings) {
        findings.accept(java(Runtime.version().feature()));
        findings.accept(processor());
        findings.accept(natives());
        findings.accept(pins());
        findings.accept(temporary());
    }

    static Finding java(int version) {
        String found = "Java " + version + ", " + Runtime.getRuntime().availableProcessors()
                + " processors, heap up to " + Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB";
        return version >= JAVA_LEAST
                ? Finding.ok("java", found)
                : Finding.fail("java", found, "install Java 17 or newer");
    }

    private static Finding processor() {
        String arch = System.getProperty("os.arch");
        if (!arch.equals("amd64") && !arch.equals("x86_64")) {
            return Finding.ok("processor", arch);
        }
        try {
            boolean avx2 = Files.readString(Path.of("/proc/cpuinfo")).contains(" avx2");
            return avx2
                    ? Finding.ok("processor", arch + " with AVX2")
                    : Finding.fail("processor", arch + " without AVX2", "run workers on machines with AVX2");
        } catch (IOException e) {
            return Finding.ok("processor", arch + "; its features can't be seen here");
        }
    }

    private static Finding natives() {
        try {
            Kernel.Numerics numerics = Kernel.describe();
            return Finding.ok(
                    "natives", "OpenBLAS, kernel " + numerics.kernel() + ", fingerprint " + numerics.fingerprint());
        } catch (LinkageError | RuntimeException e) {
            return Finding.fail(
                    "natives",
                    "the native libraries don't load: " + e,
                    "they are unpacked to a folder that must be writable and allow execution (JAVACPP's cache, /tmp)");
        }
    }

    private static Finding pins() {
        String kernel = System.getenv().getOrDefault("OPENBLAS_CORETYPE", "");
        String threads = System.getenv().getOrDefault("OPENBLAS_NUM_THREADS", "");
        String found = "OPENBLAS_CORETYPE=" + kernel + " OPENBLAS_NUM_THREADS=" + threads;
        boolean pinned = System.getProperty("os.arch").equals("aarch64") || kernel.equals("Haswell");
        if (pinned && threads.equals("1")) {
            return Finding.ok("environment", found);
        }
        return Finding.warn(
                "environment",
                found,
                "set OPENBLAS_CORETYPE=Haswell and OPENBLAS_NUM_THREADS=1 for numerics: portable, or workers are refused");
    }

    private static Finding temporary() {
        Path folder = Path.of(System.getProperty("java.io.tmpdir"));
        try {
            Files.delete(Files.createTempFile(folder, "sampo", null));
            return Finding.ok("temporary", folder + " is writable");
        } catch (IOException e) {
            return Finding.fail("temporary", folder + ": " + e, "mount an emptyDir there, or set -Djava.io.tmpdir");
        }
    }
}
