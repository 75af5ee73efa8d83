package dev.sampo.model.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelTest {
    @ParameterizedTest(name = "transposes {0} {1}, [{2}, {4}] x [{4}, {3}]")
    @CsvSource({"false,false,3,5,7", "true,false,4,2,9", "false,true,6,1,3", "true,true,5,8,2", "false,false,1,1,1"})
    void productsAgreeWithTheSums(boolean transposeA, boolean transposeB, int m, int n, int k) {
        float[] a = random(m * k, 1);
        float[] b = random(k * n, 2);
        float[] c = new float[m * n];
        try (NativeFloats x = new NativeFloats(a.length);
                NativeFloats y = new NativeFloats(b.length);
                NativeFloats z = new NativeFloats(c.length)) {
            x.put(0, a, 0, a.length);
            y.put(0, b, 0, b.length);
            Kernel.gemm(transposeA, transposeB, m, n, k, x.pointer(), y.pointer(), z.pointer());
            z.get(0, c, 0, c.length);
        }
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int l = 0; l < k; l++) {
                    sum += (double) a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
                }
                assertEquals(sum, c[i * n + j], 1e-5, "[" + i + ", " + j + "]");
            }
        }
    }

    private static float[] random(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (2 * random.nextDouble() - 1);
        }
        return values;
    }

    /** In a process of its own, since the library reads the environment once. */
    @Test
    void oneThreadWhateverTheEnvironmentSays() throws Exception {
        String out = inItsOwnProcess(
                Map.of("OPENBLAS_NUM_THREADS", "3", "OPENBLAS_CORETYPE", "Haswell"), Describe.class.getName());
        assertEquals(
                "Haswell 1 threads, set in OpenBLAS",
                Arrays.asList(out.trim().split("\\R")).get(0));
    }

    /** A thread that initializes the class Pointer while another loads a library deadlocks with it. */
    @Test
    void anArrayLoadsTheLibraryFirst() throws Exception {
        String log = inItsOwnProcess(Map.of(), "-Xlog:class+init=info", MakeArray.class.getName());
        int kernel = log.indexOf("Initializing 'dev/sampo/model/kernel/Kernel'");
        int pointer = log.indexOf("Initializing 'org/bytedeco/javacpp/Pointer'");
        assertTrue(pointer > 0, "the array's own class is initialized");
        assertTrue(kernel > 0 && kernel < pointer, "before it the kernel's");
    }

    /** What a java with this class path prints, which must end well. */
    private static String inItsOwnProcess(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        ProcessBuilder child = new ProcessBuilder(command);
        child.environment().putAll(environment);
        child.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = child.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        return out;
    }

    static final class MakeArray {
        private MakeArray() {}

        public static void main(String[] args) {
            new NativeFloats(1).close();
        }
    }

    /** What the child prints. */
    static final class Describe {
        private Describe() {}

        public static void main(String[] arguments) {
            Kernel.Numerics numerics = Kernel.describe();
            System.out.println(numerics.kernel() + " " + numerics.threads() + " threads, set in "
                    + (openblas_nolapack.blas_get_vendor() == 2 ? "OpenBLAS" : "nothing"));
        }
    }
}
