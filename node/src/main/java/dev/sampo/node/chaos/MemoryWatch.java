package dev.sampo.node.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What each process of a cluster holds on to, now and then: the heap that is live after a collection, what it has outside the
 * heap, threads and open files. Linux only, and a JDK's {@code jcmd}. Thread-safe.
 */
public final class MemoryWatch implements AutoCloseable {
    private static final long EVERY_MS = 20_000;
    /** Of each part of the heap, as G1 and the serial and parallel collectors tell it. */
    private static final Pattern PART = Pattern.compile("total (\\d+)K, used (\\d+)K");

    private final Map<String, List<Sample>> samples = new LinkedHashMap<>();
    private final Thread thread;
    private volatile List<ClusterProcesses.Member> members = List.of();

    /**
     * One process at one time.
     *
     * @param liveKb heap in use after a full collection
     * @param outsideKb resident memory beyond the heap's committed size: code, buffers, native matrices, stacks
     */
    public record Sample(long atMs, long liveKb, long outsideKb, int threads, int files) {}

    /** What a process began and ended with: medians of the first and the last third of its samples. */
    public record Trend(String name, long livedSeconds, Sample begin, Sample end) {}

    public MemoryWatch() {
        thread = new Thread(this::follow, "memory-watch");
        thread.setDaemon(true);
        thread.start();
    }

    /** Looks at these from now on. */
    void look(List<ClusterProcesses.Member> now) {
        members = new CopyOnWriteArrayList<>(now);
    }

    private void follow() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(EVERY_MS);
                for (ClusterProcesses.Member member : members) {
                    try {
                        Sample sample = sample(member.process().pid());
                        synchronized (samples) {
                            samples.computeIfAbsent(member.name(), name -> new ArrayList<>())
                                    .add(sample);
                        }
                    } catch (IOException e) {
                        // It was killed or frozen just now.
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Sample sample(long pid) throws IOException, InterruptedException {
        Path proc = Path.of("/proc", "" + pid);
        String status = Files.readString(proc.resolve("status"));
        if (status.contains("State:\tT")) {
            throw new IOException("it is stopped");
        }
        jcmd(pid, "GC.run");
        String heap = jcmd(pid, "GC.heap_info");
        long usedKb = 0;
        long committedKb = 0;
        for (Matcher part = PART.matcher(heap); part.find(); ) {
            committedKb += Long.parseLong(part.group(1));
            usedKb += Long.parseLong(part.group(2));
        }
        if (committedKb == 0) {
            throw new IOException("jcmd said: " + heap);
        }
        long files;
        try (Stream<Path> open = Files.list(proc.resolve("fd"))) {
            files = open.count();
        }
        status = Files.readString(proc.resolve("status"));
        return new Sample(
                System.nanoTime() / 1_000_000,
                usedKb,
                Math.max(0, field(status, "VmRSS") - committedKb),
                (int) field(status, "Threads"),
                (int) files);
    }

    private static long field(String status, String name) throws IOException {
        Matcher matcher = Pattern.compile("(?m)^" + name + ":\\s+(\\d+)").matcher(status);
        if (!matcher.find()) {
            throw new IOException("no " + name + " in /proc");
        }
        return Long.parseLong(matcher.group(1));
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), "" + pid, command)
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(said);
        }
        return said;
    }

    /** Of every process that lived long enough for six samples. */
    public List<Trend> trends() {
        List<Trend> trends = new ArrayList<>();
        synchronized (samples) {
            samples.forEach((name, all) -> {
                if (all.size() >= 6) {
                    int third = all.size() / 3;
                    long lived = (all.get(all.size() - 1).atMs() - all.get(0).atMs()) / 1000;
                    trends.add(new Trend(
                            name,
                            lived,
                            median(all.subList(0, third)),
                            median(all.subList(all.size() - third, all.size()))));
                }
            });
        }
        return trends;
    }

    private static Sample median(List<Sample> of) {
        int middle = of.size() / 2;
        return new Sample(
                of.get(middle).atMs(),
                of.stream().mapToLong(Sample::liveKb).sorted().toArray()[middle],
                of.stream().mapToLong(Sample::outsideKb).sorted().toArray()[middle],
                of.stream().mapToInt(Sample::threads).sorted().toArray()[middle],
                of.stream().mapToInt(Sample::files).sorted().toArray()[middle]);
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
