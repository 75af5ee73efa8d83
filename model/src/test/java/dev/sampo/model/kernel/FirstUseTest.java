package dev.sampo.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Whoever makes a native array in a new process loads the library first: a thread that initializes the class Pointer while
 * another loads a library deadlocks with it.
 */
class FirstUseTest {
    @Test
    void anArrayLoadsTheLibraryFirst() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xlog:class+init=info",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName())
                .redirectErrorStream(true)
                .start();
        String log = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(log).isZero();
        int kernel = log.indexOf("Initializing 'dev/sampo/model/kernel/Kernel'");
        int pointer = log.indexOf("Initializing 'org/bytedeco/javacpp/Pointer'");
        assertThat(pointer).as("the array's own class is initialized").isPositive();
        assertThat(kernel).as("before it the kernel's").isPositive().isLessThan(pointer);
    }

    /** What runs in a process of its own. */
    static final class Main {
        private Main() {}

        public static void main(String[] args) {
            new NativeFloats(1).close();
        }
    }
}
