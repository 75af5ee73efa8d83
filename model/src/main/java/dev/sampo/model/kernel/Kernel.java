package dev.sampo.model.kernel;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * Matrix products by ND4J's own OpenBLAS, into buffers that the caller keeps. Direct calls: ND4J's dispatch would cost 5 to
 * 20 µs each and a temporary. Thread-safe on distinct buffers.
 */
public final class Kernel {
    private static final int PROBE = 67;
    /** What the binding calls the library whose number of threads it has set. */
    private static final int OPENBLAS = 2;

    private static final boolean ONE_THREAD;

    static {
        // Lanes are the parallelism. OPENBLAS_NUM_THREADS says the same, but whoever embeds a node may not have set it.
        openblas_nolapack.blas_set_num_threads(1);
        ONE_THREAD = openblas_nolapack.blas_get_vendor() == OPENBLAS;
    }

    private Kernel() {}

    /**
     * Loads the native library, once. It must be the first use of JavaCPP: a thread that makes a pointer while another loads a
     * library deadlocks with it, since one holds the class {@code Pointer} and wants the loader's lock, and the other the reverse.
     */
    static void load() {
        // The static initializer has done it.
    }

    /**
     * What the bits of a matrix product depend on.
     *
     * @param kernel the machine kernel that the environment names, such as {@code Haswell}, or {@code auto}
     * @param threads BLAS threads a call
     * @param fingerprint checksum of a fixed product's bits: equal kernels have equal fingerprints
     */
    public record Numerics(String kernel, int threads, String fingerprint) {}

    /** The arithmetic of this process. OpenBLAS reads its environment when it is loaded, so its kernel is the one named there. */
    public static Numerics describe() {
        String kernel = System.getenv().getOrDefault("OPENBLAS_CORETYPE", "auto");
        return new Numerics(kernel.isBlank() ? "auto" : kernel, threads(), fingerprint());
    }

    private static int threads() {
        if (ONE_THREAD) {
            return 1;
        }
        String threads = System.getenv().getOrDefault("OPENBLAS_NUM_THREADS", "");
        return threads.matches("\\d{1,4}")
                ? Integer.parseInt(threads)
                : Runtime.getRuntime().availableProcessors();
    }

    private static String fingerprint() {
        float[] values = new float[PROBE * PROBE];
        for (int i = 0; i < values.length; i++) {
            // Irregular fractions, so that the order of the sums shows in the bits.
            values[i] = ((i * 2654435761L & 0xffff) - 32768) / 9973f;
        }
        try (NativeFloats a = new NativeFloats(values.length);
                NativeFloats c = new NativeFloats(values.length)) {
            a.put(0, values, 0, values.length);
            gemm(false, true, PROBE, PROBE, PROBE, a.pointer(), a.pointer(), c.pointer());
            c.get(0, values, 0, values.length);
        }
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    /**
     * c [m, n] = op(a) [m, k] * op(b) [k, n], all row-major and contiguous; op transposes where the flag says so, and then the
     * buffer holds [k, m] or [n, k].
     */
    public static void gemm(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            FloatPointer a,
            FloatPointer b,
            FloatPointer c) {
        openblas_nolapack.cblas_sgemm(
                openblas_nolapack.CblasRowMajor,
                transposeA ? openblas_nolapack.CblasTrans : openblas_nolapack.CblasNoTrans,
                transposeB ? openblas_nolapack.CblasTrans : openblas_nolapack.CblasNoTrans,
                m,
                n,
                k,
                1f,
                a,
                transposeA ? m : k,
                b,
                transposeB ? k : n,
                0f,
                c,
                n);
    }
}
