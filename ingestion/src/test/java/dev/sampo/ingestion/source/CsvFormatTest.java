package dev.sampo.ingestion.source;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvFormatTest {
    private static final RecordFormat CSV = RecordFormat.of(FormatSpec.of("csv"));

    @TempDir
    private Path folder;

    private List<Object> read(String text, int chunkRows) throws IOException {
        return read(CSV, text, chunkRows);
    }

    private List<Object> read(RecordFormat format, String text, int chunkRows) throws IOException {
        return Records.of(format, Files.writeString(folder.resolve("a.csv"), text), null, chunkRows);
    }

    private static RecordFormat columns(String type, String... names) {
        return RecordFormat.of(
                new FormatSpec(type, null, List.of(names), null, null, null, null, null, null, null, null));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1000})
    void quotesBlanksLineEndsAndMissingValues(int chunkRows) throws IOException {
        String text = "a,b,c\n"
                + "1, x ,\"y, z\"\n"
                + "\n"
                + "  \t \r\n"
                + "?,NA,\" kept \"\r\n"
                + "\"two\nlines\",\"a \"\"quote\"\"\",3\r"
                + "4,5,6";
        assertThat(read(text, chunkRows))
                .containsExactly(
                        asList("1", "x", "y, z"),
                        asList(null, null, " kept "),
                        asList("two\nlines", "a \"quote\"", "3"),
                        asList("4", "5", "6"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1000})
    void aRaggedRecordIsBadAloneAndNamedByItsLine(int chunkRows) throws IOException {
        assertThat(read("a,b\n1,2\n\"x\ny\",2\n3\n4,5,6\n7,8\n", chunkRows))
                .containsExactly(
                        asList("1", "2"),
                        asList("x\ny", "2"),
                        "line 5: expected 2 fields, found 1",
                        "line 6: expected 2 fields, found 3",
                        asList("7", "8"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1000})
    void aQuoteInsideAnUnquotedFieldIsText(int chunkRows) throws IOException {
        assertThat(read("pipe,n\n5\" wide,1\n6\" wide,2\n", chunkRows))
                .containsExactly(asList("5\" wide", "1"), asList("6\" wide", "2"));
    }

    @Test
    void textAfterAClosingQuoteMakesOneRecordBad() throws IOException {
        List<Object> seen = read("a,b\n1,2\n\"x\"y,2\n3,4\n", 1000);
        assertThat(seen).hasSize(3).contains(asList("1", "2"), asList("3", "4"));
        assertThat(seen.get(1).toString()).startsWith("line 3: a quote is out of place");
    }

    @Test
    void aColumnAloneMayHoldQuotedNothingButBlankLinesAreNone() throws IOException {
        assertThat(read("a\n1\n   \n\"\"\n2\n", 1000)).containsExactly(asList("1"), asList((Object) null), asList("2"));
    }

    @Test
    void tabsAloneAreARecordOfMissingValues() throws IOException {
        assertThat(read(columns("tsv", "a", "b"), "1\t2\n\t\n3\t4\n", 1000))
                .containsExactly(asList("1", "2"), asList(null, null), asList("3", "4"));
    }

    @Test
    void aByteOrderMarkIsNoPartOfTheFirstValue() throws IOException {
        assertThat(read("\uFEFFa,b\n1,2\n", 10)).containsExactly(asList("1", "2"));
        assertThat(read(columns("csv", "a", "b"), "\uFEFF1,2\n3,4\n", 10))
                .containsExactly(asList("1", "2"), asList("3", "4"));
    }

    @Test
    void aQuoteNeverClosedNamesWhereItOpens() throws IOException {
        assertThatThrownBy(() -> read("a,b\n1,2\n\"3,4\n5,6\n", 10))
                .isInstanceOf(BadSourceException.class)
                .hasMessageContaining("byte 8")
                .hasMessageContaining("never closed");
    }

    @Test
    void headersAreNamedAndUnique() throws IOException {
        assertThatThrownBy(() -> read("a,a\n1,2\n", 10)).hasMessageContaining("\"a\" twice");
        assertThatThrownBy(() -> read("a,\n1,2\n", 10)).hasMessageContaining("leaves it empty");
        assertThatThrownBy(() -> read(" \n \n", 10)).hasMessageContaining("no header");
        assertThat(CSV.scan(Files.writeString(folder.resolve("h"), "\" a\" , b,\"c\nd\"\n1,2,3\n"), null, 9)
                        .columns())
                .containsExactly(" a", "b", "c\nd");
    }

    /** However the bytes are cut into spans, the records are those of the file read whole. */
    @Test
    void chunkSizeDoesNotChangeRecordsForRandomText() throws IOException {
        String alphabet = "ab,,\"\"\n\n\r \t1";
        for (int seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder("h,i\n");
            for (int i = random.nextInt(60); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            Path file = Files.write(folder.resolve("r"), text.toString().getBytes(StandardCharsets.UTF_8));
            List<Object> whole;
            try {
                whole = Records.of(CSV, file, null, 1000);
            } catch (BadSourceException e) {
                assertThat(e).hasMessageContaining("never closed");
                continue;
            }
            assertThat(Records.of(CSV, file, null, 1))
                    .as("seed %d: %s", seed, text)
                    .isEqualTo(whole);
            assertThat(Records.of(CSV, file, null, 3))
                    .as("seed %d: %s", seed, text)
                    .isEqualTo(whole);
        }
    }
}
