package dev.sampo.ingestion.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordFormatTest {
    @TempDir
    private Path folder;

    private static FormatSpec libsvm(int base) {
        return new FormatSpec("libsvm", null, null, null, null, null, null, base, null, null, null);
    }

    /** The rows' labels and the complaints of a whole file. */
    private static List<String> read(RecordFormat format, Path file, Path labels) throws IOException {
        List<String> seen = new ArrayList<>();
        RecordFormat.Scan scan = format.scan(file, labels, 2);
        for (Span span : scan.spans()) {
            format.read(file, labels, scan.schema(0), span, new RecordFormat.Sink() {
                @Override
                public void row(int number, long line, RawRow row) {
                    seen.add(row.text(0));
                }

                @Override
                public void bad(int number, long line, BadRecordException problem) {
                    seen.add("line " + line + ": " + problem.getMessage());
                }
            });
        }
        return seen;
    }

    @Test
    void idxLabelsMayHaveASecondDimensionOfOne() throws IOException {
        Path images =
                Files.write(folder.resolve("i"), new byte[] {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6});
        Path flat = Files.write(folder.resolve("flat"), new byte[] {0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9});
        Path column = Files.write(folder.resolve("column"), new byte[] {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 7, 8, 9});
        RecordFormat format = RecordFormat.of(FormatSpec.of("idx"));
        assertThat(read(format, images, flat)).containsExactly("7", "8", "9");
        assertThat(read(format, images, column)).containsExactly("7", "8", "9");
    }

    @Test
    void libsvmWidthIsThatOfTheFeaturesAlone() throws IOException {
        Path file = Files.writeString(folder.resolve("a"), "1 1:1 2:5 # see 900:x\n0\t3:1\t7:2 \n1\n");
        RecordFormat format = RecordFormat.of(libsvm(1));
        assertThat(format.scan(file, null, 10).width()).isEqualTo(7);
        assertThat(read(format, file, null)).containsExactly("1", "0", "1");
    }

    @Test
    void libsvmIndexBelowTheBaseIsNamedWithItsLine() throws IOException {
        Path file = Files.writeString(folder.resolve("b"), "1 1:1\n\n0 0:1\n");
        assertThat(read(RecordFormat.of(libsvm(1)), file, null))
                .satisfiesExactly(
                        first -> assertThat(first).isEqualTo("1"),
                        second ->
                                assertThat(second).startsWith("line 3: index 0").contains("indexBase: 0"));
    }
}
