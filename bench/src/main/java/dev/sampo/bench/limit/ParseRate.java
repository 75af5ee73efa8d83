package dev.sampo.bench.limit;

import dev.sampo.ingestion.source.FormatSpec;
import dev.sampo.ingestion.source.RecordFormat;
import dev.sampo.ingestion.source.Span;
import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import dev.sampo.model.data.Schema;
import dev.sampo.model.feature.FeaturePipeline;
import dev.sampo.model.feature.FitStatistics;
import dev.sampo.model.feature.LabelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Text to batches on one core: {@code FILE csv|libsvm SECONDS}. Prints megabytes a second as JSON, of the records alone and
 * of records that also go through the feature pipeline, as a rank stream makes its batches.
 */
public final class ParseRate {
    private static final int CHUNK_ROWS = 1024;

    private ParseRate() {}

    public static void main(String[] args) throws IOException, BadRecordException {
        if (args.length != 3) {
            throw new IllegalArgumentException("FILE csv|libsvm SECONDS");
        }
        Path file = Path.of(args[0]);
        boolean libsvm = args[1].equals("libsvm");
        double seconds = Double.parseDouble(args[2]);
        RecordFormat format = RecordFormat.of(
                new FormatSpec(args[1], null, null, null, null, null, null, libsvm ? 1 : null, null, null, null));
        RecordFormat.Scan scan = format.scan(file, null, CHUNK_ROWS);
        Schema schema = scan.schema(0);
        FeaturePipeline pipeline = fit(format, file, schema, scan.spans().get(0));
        double records = rate(file, seconds, () -> {
            for (Span span : scan.spans()) {
                read(format, file, schema, span, row -> {});
            }
        });
        double batches = rate(file, seconds, () -> {
            for (Span span : scan.spans()) {
                FeaturePipeline.Rows rows = pipeline.rows(schema, span.records(), true);
                read(format, file, schema, span, rows::add);
                rows.batch();
            }
        });
        System.out.printf(
                Locale.ROOT,
                "{\"recordsMegabytesPerSecond\": %.2f, \"batchesMegabytesPerSecond\": %.2f}%n",
                records,
                batches);
    }

    /** The pipeline of a job that names no features, fitted on one span. */
    private static FeaturePipeline fit(RecordFormat format, Path file, Schema schema, Span span) throws IOException {
        FitStatistics statistics =
                FitStatistics.empty(null, new LabelSpec("label", "binary", null, null, null), null, schema);
        read(format, file, schema, span, statistics::add);
        return statistics.fit();
    }

    private interface Use {
        void row(RawRow row) throws BadRecordException;
    }

    private static void read(RecordFormat format, Path file, Schema schema, Span span, Use use) throws IOException {
        format.read(file, null, schema, span, new RecordFormat.Sink() {
            @Override
            public void row(int number, long line, RawRow row) throws IOException {
                try {
                    use.row(row);
                } catch (BadRecordException e) {
                    bad(number, line, e);
                }
            }

            @Override
            public void bad(int number, long line, BadRecordException problem) throws IOException {
                throw new IOException("line " + line, problem);
            }
        });
    }

    private interface Pass {
        void run() throws IOException, BadRecordException;
    }

    /** Megabytes a second of the best pass, as the peer's are; passes are repeated for so many seconds. */
    private static double rate(Path file, double seconds, Pass pass) throws IOException, BadRecordException {
        long until = System.nanoTime() + (long) (seconds * 1e9);
        double best = Double.POSITIVE_INFINITY;
        do {
            long began = System.nanoTime();
            pass.run();
            best = Math.min(best, (System.nanoTime() - began) / 1e9);
        } while (System.nanoTime() < until);
        return Files.size(file) / 1e6 / best;
    }
}
