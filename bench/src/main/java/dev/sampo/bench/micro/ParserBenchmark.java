package dev.sampo.bench.micro;

import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.Span;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** Text to rows on one core, of a file that the page cache holds. The counter {@code megabytes} is the rate to look at. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ParserBenchmark {
    private static final int ROWS = 20_000;

    @Param({"csv", "libsvm"})
    public String format;

    private Path file;
    private double size;
    private RecordFormat reader;
    private RecordFormat.Scan scan;

    /** What was read. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Read {
        public double megabytes;

        @Setup(Level.Iteration)
        public void clear() {
            megabytes = 0;
        }
    }

    @Setup
    public void setup() throws IOException {
        file = Files.createTempFile("sampo-bench", "." + format);
        Files.writeString(file, format.equals("csv") ? csv() : libsvm());
        size = Files.size(file) / 1e6;
        reader = RecordFormat.of(new FormatSpec(
                format, null, null, null, null, null, null, format.equals("libsvm") ? 1 : null, null, null, null));
        scan = reader.scan(file, null, 1024);
    }

    private static String csv() {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder("label");
        for (int column = 0; column < 20; column++) {
            text.append(",x").append(column);
        }
        for (int row = 0; row < ROWS; row++) {
            text.append('\n').append(random.nextInt(2));
            for (int column = 0; column < 20; column++) {
                text.append(String.format(Locale.ROOT, ",%.4f", random.nextDouble()));
            }
        }
        return text.append('\n').toString();
    }

    private static String libsvm() {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < ROWS; row++) {
            text.append(random.nextInt(2));
            int index = 0;
            for (int entry = 0; entry < 39; entry++) {
                index += 1 + random.nextInt(25_000);
                text.append(String.format(Locale.ROOT, " %d:%.4f", index, random.nextDouble()));
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** Finds the chunks: the first of the two passes that indexing makes. */
    @Benchmark
    public Object scan(Read read) throws IOException {
        read.megabytes += size;
        return reader.scan(file, null, 1024);
    }

    /** Makes rows of all chunks, as a rank stream does. */
    @Benchmark
    public void rows(Read read, Blackhole blackhole) throws IOException {
        Schema schema = scan.schema(0);
        for (Span span : scan.spans()) {
            reader.read(file, null, schema, span, new RecordFormat.Sink() {
                @Override
                public void row(int number, long line, RawRow row) {
                    blackhole.consume(row);
                }

                @Override
                public void bad(int number, long line, BadRecordException problem) {
                    throw new UncheckedIOException(new IOException("line " + line, problem));
                }
            });
        }
        read.megabytes += size;
    }

    @TearDown
    public void delete() throws IOException {
        Files.delete(file);
    }
}
